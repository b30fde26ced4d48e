package dev.sluice.amqp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the AMQP codec costs per message of 100 bytes, without broker and socket. It lives in the package of the codec, which nothing else outside of its module
 * needs.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"--sun-misc-unsafe-memory-access=allow", "-Dio.netty.noUnsafe=false", "-XX:+UseSerialGC"})
public class AmqpCodecBenchmark {
    private static final int MESSAGES = 64;
    private static final int BODY_BYTES = 100;
    private static final int FRAME_MAX = 131072;
    private static final byte[] CONSUMER_TAG = WireWriter.shortstr("amq.ctag-jE7zCFmzPqcqmDNwIjTqbg");
    private static final byte[] ROUTE = Route.encode("orders", "europe.paid");

    private final FrameWriter writer = new FrameWriter();
    private final FrameDecoder decoder = new FrameDecoder();
    private final Counter counter = new Counter();
    private final OutgoingContent content = new OutgoingContent();
    private final ByteBuf message = PooledByteBufAllocator.DEFAULT.directBuffer();
    private final ByteBuf plainPublishes = PooledByteBufAllocator.DEFAULT.directBuffer();
    private final ByteBuf richPublishes = PooledByteBufAllocator.DEFAULT.directBuffer();
    private final ByteBuf acks = PooledByteBufAllocator.DEFAULT.directBuffer();
    private final ByteBuf out = PooledByteBufAllocator.DEFAULT.directBuffer();

    /** Publishes with the properties of Pika's and the Java client's examples, and with what Celery sends. */
    @Setup
    public void write() {
        writer.tune(FRAME_MAX);
        decoder.decode(out.writeBytes(FrameDecoder.protocolHeader()), counter);
        decoder.tune(FRAME_MAX, 2047);
        PropertiesBuilder plain = new PropertiesBuilder()
                .text(Property.CONTENT_TYPE, "text/plain")
                .persistent(true)
                .priority(0);
        PropertiesBuilder rich = new PropertiesBuilder()
                .text(Property.CONTENT_TYPE, "application/json")
                .text(Property.CONTENT_ENCODING, "utf-8")
                .text(Property.CORRELATION_ID, "7f0c1b0e-7d0a-4b8e-9d0c-2f6f6a2b9c11")
                .text(Property.REPLY_TO, "2d1b8c4e-9d0c-4b8e-7d0a-2f6f6a2b9c11")
                .headers(FieldTable.builder()
                        .put("lang", "py")
                        .put("task", "shop.tasks.charge")
                        .put("id", "7f0c1b0e-7d0a-4b8e-9d0c-2f6f6a2b9c11")
                        .put("shadow", FieldValue.None.NONE)
                        .put("eta", FieldValue.None.NONE)
                        .put("retries", 0)
                        .put("root_id", "7f0c1b0e-7d0a-4b8e-9d0c-2f6f6a2b9c11")
                        .put("origin", "gen1@host")
                        .put("ignore_result", false)
                        .build())
                .persistent(true);
        publishes(richPublishes, rich);
        publishes(plainPublishes, plain);
        for (int i = 0; i < MESSAGES; i++) {
            writer.ack(acks, 1, i, false);
        }
    }

    private void publishes(ByteBuf to, PropertiesBuilder properties) {
        message.clear().writeBytes(ROUTE);
        properties.writeTo(message);
        int propertiesLength = message.writerIndex() - ROUTE.length;
        content.route(message, 0, ROUTE.length)
                .properties(message, ROUTE.length, propertiesLength)
                .body(message, message.writerIndex(), BODY_BYTES);
        message.writeZero(BODY_BYTES);
        for (int i = 0; i < MESSAGES; i++) {
            writer.publish(to, 1, false, content);
        }
    }

    @TearDown
    public void release() {
        message.release();
        plainPublishes.release();
        richPublishes.release();
        acks.release();
        out.release();
    }

    @Benchmark
    @OperationsPerInvocation(MESSAGES)
    public long decodePublish() {
        decoder.decode(plainPublishes.readerIndex(0), counter);
        return counter.sum;
    }

    @Benchmark
    @OperationsPerInvocation(MESSAGES)
    public long decodePublishOfCelery() {
        decoder.decode(richPublishes.readerIndex(0), counter);
        return counter.sum;
    }

    @Benchmark
    @OperationsPerInvocation(MESSAGES)
    public long decodeAck() {
        decoder.decode(acks.readerIndex(0), counter);
        return counter.sum;
    }

    @Benchmark
    @OperationsPerInvocation(MESSAGES)
    public int encodeDeliver() {
        out.clear();
        for (int i = 0; i < MESSAGES; i++) {
            writer.deliver(out, 1, CONSUMER_TAG, i, false, content);
        }
        return out.writerIndex();
    }

    @Benchmark
    @OperationsPerInvocation(MESSAGES)
    public int encodeAck() {
        out.clear();
        for (int i = 0; i < MESSAGES; i++) {
            writer.ack(out, 1, i, false);
        }
        return out.writerIndex();
    }

    /** Touches what a session reads of each frame. */
    private static final class Counter implements FrameHandler {
        private long sum;

        @Override
        public void protocolHeader() {
            sum++;
        }

        @Override
        public void method(int channel, AmqpMethod method) {
            sum += method.id();
        }

        @Override
        public void publish(int channel, PublishFrame publish) {
            sum += publish.hasRoute(ROUTE) && !publish.mandatory() ? 1 : 0;
        }

        @Override
        public void ack(int channel, long deliveryTag, boolean multiple) {
            sum += deliveryTag;
        }

        @Override
        public void header(int channel, ContentHeader header) {
            sum += header.bodySize() + (header.properties().isPersistent() ? 1 : 0);
        }

        @Override
        public void body(int channel, ByteBuf in, int index, int length) {
            sum += length;
        }

        @Override
        public void heartbeat() {
            sum++;
        }
    }
}
