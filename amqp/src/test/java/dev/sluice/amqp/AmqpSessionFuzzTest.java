package dev.sluice.amqp;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Clients that log in and then send nonsense. Run one seed with {@code -Dseed=N}. */
@Timeout(300)
@SuppressWarnings("try") // closing blocks, and a test may be interrupted
class AmqpSessionFuzzTest {
    private static final int CLIENTS = Integer.getInteger("clients", 400);
    private static final int FRAMES_PER_CLIENT = 60;
    private static final int CHECK_EVERY = 50;

    @TempDir
    Path folder;

    @Test
    void nonsenseAfterTheHandshakeHarmsNobodyElse() throws Exception {
        long firstSeed = Long.getLong("seed", 1);
        int clients = System.getProperty("seed") == null ? CLIENTS : 1;
        try (var gateway = new RunningGateway(folder);
                Connection bystander = gateway.connect()) {
            Channel channel = bystander.createChannel();
            channel.queueDeclare("bystander", true, false, false, null);
            for (long seed = firstSeed; seed < firstSeed + clients; seed++) {
                try {
                    beAnnoying(gateway, new Random(seed));
                    if (seed % CHECK_EVERY == 0 || clients == 1) {
                        channel.basicPublish("", "bystander", null, new byte[] {1});
                        assertThat(channel.basicGet("bystander", true)).isNotNull();
                    }
                } catch (AssertionError | Exception failure) {
                    throw new AssertionError("seed " + seed, failure);
                }
            }
        }
    }

    private static void beAnnoying(RunningGateway gateway, Random random) throws Exception {
        try (var client = new RawClient(gateway.socket())) {
            client.open();
            ByteBuf out = new RandomFrames(random).write(FRAMES_PER_CLIENT);
            try {
                client.send(random.nextInt(4) == 0 ? mutated(out, random) : out);
                client.endOutput();
            } catch (IOException closedByBroker) {
                // It has heard enough.
            }
            client.readToTheEnd();
        }
    }

    private static ByteBuf mutated(ByteBuf out, Random random) {
        int length = out.readableBytes();
        for (int i = 1 + random.nextInt(8); i > 0; i--) {
            out.setByte(random.nextInt(length), random.nextInt(256));
        }
        return random.nextBoolean() ? out : out.slice(0, random.nextInt(length));
    }

    /** Writes frames that are well-formed one by one, in an order that is often wrong. Confined to one client. */
    private static final class RandomFrames {
        private static final String[] NAMES = {
            "", "a", "b", "c", "amq.direct", "amq.fanout", "amq.match", "amq.x", "none"
        };

        private final Random random;
        private final FrameWriter writer = new FrameWriter();
        private final ByteBuf out = Unpooled.buffer();

        RandomFrames(Random random) {
            this.random = random;
            writer.tune(131_072);
        }

        ByteBuf write(int count) {
            writer.method(out, 1, new ChannelMethod.Open());
            writer.method(out, 2, new ChannelMethod.Open());
            for (int i = 0; i < count; i++) {
                int channel = random.nextInt(20) == 0 ? random.nextInt(5) : 1 + random.nextInt(2);
                writeOne(channel);
            }
            return out;
        }

        private void writeOne(int channel) {
            switch (random.nextInt(12)) {
                case 0, 1, 2, 3 -> publish(channel);
                case 4 -> looseContent(channel);
                default -> writer.method(out, channel, method());
            }
        }

        private void publish(int channel) {
            ByteBuf route = Unpooled.wrappedBuffer(Route.encode(name(), name()));
            ByteBuf properties = properties();
            ByteBuf body = Unpooled.wrappedBuffer(
                    new byte[random.nextInt(10) == 0 ? random.nextInt(300_000) : random.nextInt(100)]);
            writer.publish(
                    out,
                    channel,
                    random.nextBoolean(),
                    new OutgoingContent()
                            .route(route, 0, route.readableBytes())
                            .properties(properties, 0, properties.readableBytes())
                            .body(body, 0, body.readableBytes()));
        }

        private ByteBuf properties() {
            ByteBuf encoded = Unpooled.buffer();
            var properties = new PropertiesBuilder().persistent(random.nextBoolean());
            if (random.nextBoolean()) {
                properties.headers(table()).text(Property.CONTENT_TYPE, "text/plain");
            }
            if (random.nextInt(20) == 0) {
                properties.text(Property.USER_ID, name());
            }
            properties.writeTo(encoded);
            return encoded;
        }

        /** A method frame of publish, a header or a body by itself. */
        private void looseContent(int channel) {
            switch (random.nextInt(3)) {
                case 0 ->
                    writer.method(out, channel, new BasicMethod.Publish(name(), name(), false, random.nextInt(4) == 0));
                case 1 -> {
                    ByteBuf properties = properties();
                    frame(FrameDecoder.HEADER, channel, 12 + properties.readableBytes());
                    out.writeInt(60 << 16).writeLong(random.nextInt(3) == 0 ? random.nextLong() : random.nextInt(200));
                    out.writeBytes(properties).writeByte(FrameDecoder.FRAME_END);
                }
                default -> {
                    int length = random.nextInt(100);
                    frame(FrameDecoder.BODY, channel, length);
                    out.writeZero(length).writeByte(FrameDecoder.FRAME_END);
                }
            }
        }

        private void frame(int type, int channel, int length) {
            out.writeByte(type).writeShort(channel).writeInt(length);
        }

        private AmqpMethod method() {
            return switch (random.nextInt(32)) {
                case 0 -> new ChannelMethod.Open();
                case 1 -> new ChannelMethod.Close(200, "", 0, 0);
                case 2, 3 -> new ChannelMethod.CloseOk();
                case 4 -> new ChannelMethod.Flow(random.nextBoolean());
                case 5 -> new ExchangeMethod.Declare(name(), kind(), flag(), flag(), flag(), flag(), flag(), table());
                case 6 -> new ExchangeMethod.Delete(name(), flag(), flag());
                case 7 -> new ExchangeMethod.Bind(name(), name(), name(), flag(), table());
                case 8 -> new ExchangeMethod.Unbind(name(), name(), name(), flag(), table());
                case 9, 10, 11 ->
                    new QueueMethod.Declare(
                            name(), random.nextInt(4) == 0, false, random.nextInt(4) == 0, flag(), flag(), table());
                case 12, 13 -> new QueueMethod.Bind(name(), name(), name(), flag(), table());
                case 14 -> new QueueMethod.Unbind(name(), name(), name(), table());
                case 15 -> new QueueMethod.Purge(name(), flag());
                case 16 -> new QueueMethod.Delete(name(), flag(), flag(), flag());
                case 17 -> new BasicMethod.Qos(random.nextInt(20) == 0 ? 1 : 0, random.nextInt(10), flag());
                case 18, 19, 20 ->
                    new BasicMethod.Consume(
                            name(),
                            random.nextInt(3) == 0 ? name() : "",
                            flag(),
                            flag(),
                            random.nextInt(5) == 0,
                            flag(),
                            table());
                case 21 -> new BasicMethod.Cancel(name(), flag());
                case 22, 23 -> new BasicMethod.Get(name(), flag());
                case 24 -> new BasicMethod.Ack(random.nextInt(4), flag());
                case 25 -> new BasicMethod.Nack(random.nextInt(4), flag(), flag());
                case 26 -> new BasicMethod.Reject(random.nextInt(4), flag());
                case 27 -> new BasicMethod.Recover(random.nextInt(5) > 0);
                case 28 -> new ConfirmMethod.Select(flag());
                case 29 -> new TxMethod.Select();
                case 30 -> new AccessMethod.Request("/", true, true, true, true, true);
                default -> new BasicMethod.GetEmpty();
            };
        }

        private boolean flag() {
            return random.nextInt(4) == 0;
        }

        private String name() {
            return NAMES[random.nextInt(NAMES.length)];
        }

        private String kind() {
            String[] kinds = {"direct", "fanout", "topic", "headers", "direct", "x"};
            return kinds[random.nextInt(kinds.length)];
        }

        private FieldTable table() {
            return switch (random.nextInt(8)) {
                case 0 ->
                    FieldTable.builder()
                            .put("x-max-length", random.nextInt(5) - 1)
                            .build();
                case 1 -> FieldTable.builder().put("x-match", "any").put("k", 1).build();
                case 2 ->
                    FieldTable.builder()
                            .put("k", FieldValue.None.NONE)
                            .put("text", "value")
                            .build();
                case 3 ->
                    FieldTable.builder()
                            .put("x-expires", 1 + random.nextInt(50))
                            .build();
                default -> FieldTable.EMPTY;
            };
        }
    }
}
