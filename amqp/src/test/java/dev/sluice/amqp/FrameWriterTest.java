package dev.sluice.amqp;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.impl.AMQImpl;
import com.rabbitmq.client.impl.Frame;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class FrameWriterTest {
    private static final int FRAME_MAX = 4096;
    private static final byte[] TAG = WireWriter.shortstr("tag");

    private final FrameWriter writer = new FrameWriter();
    private final ByteBuf out = Unpooled.buffer(0);
    private final OutgoingContent content = content("ex", "key", 3);

    @Test
    void writesADelivery() {
        writer.deliver(out, 1, TAG, 5, true, content);
        assertThat(ByteBufUtil.hexDump(out))
                .isEqualTo(hex("01 0001 00000018 003c 003c 03 746167 0000000000000005 01 02 6578 03 6b6579 ce"
                        + "02 0001 0000000f 003c 0000 0000000000000003 1000 02 ce"
                        + "03 0001 00000003 000102 ce"));
    }

    @Test
    void writesAcksNacksAndHeartbeats() {
        writer.ack(out, 2, 256, true);
        writer.nack(out, 65535, 1, false);
        writer.heartbeat(out);
        assertThat(ByteBufUtil.hexDump(out))
                .isEqualTo(hex("01 0002 0000000d 003c 0050 0000000000000100 01 ce"
                        + "01 ffff 0000000d 003c 0078 0000000000000001 00 ce"
                        + "08 0000 00000000 ce"));
    }

    @Test
    void writesWhatRabbitMqsClientReads() throws IOException {
        writer.deliver(out, 1, TAG, Long.MAX_VALUE, false, content);
        writer.getOk(out, 1, 7, true, 4_000_000_000L, content);
        writer.returned(out, 1, ReplyCode.NO_ROUTE, content);
        writer.publish(out, 1, true, content);
        writer.ack(out, 1, 9, true);
        writer.method(out, 1, new QueueMethod.DeclareOk("q", 1, 2));
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(ByteBufUtil.getBytes(out)));
        assertThat(method(in, true))
                .isEqualTo("#method<basic.deliver>(consumer-tag=tag, delivery-tag=9223372036854775807,"
                        + " redelivered=false, exchange=ex, routing-key=key)");
        assertThat(method(in, true))
                .isEqualTo("#method<basic.get-ok>(delivery-tag=7, redelivered=true, exchange=ex, routing-key=key,"
                        + " message-count=-294967296)");
        assertThat(method(in, true))
                .isEqualTo("#method<basic.return>(reply-code=312, reply-text=NO_ROUTE, exchange=ex,"
                        + " routing-key=key)");
        assertThat(method(in, true))
                .isEqualTo("#method<basic.publish>(ticket=0, exchange=ex, routing-key=key, mandatory=true,"
                        + " immediate=false)");
        assertThat(method(in, false)).isEqualTo("#method<basic.ack>(delivery-tag=9, multiple=true)");
        assertThat(method(in, false))
                .isEqualTo("#method<queue.declare-ok>(queue=q, message-count=1, consumer-count=2)");
        assertThat(in.available()).isZero();
    }

    @Test
    void splitsBodiesByTheNegotiatedFrameSize() {
        int inFrame = FRAME_MAX - FrameDecoder.OVERHEAD_BYTES;
        for (int bytes : new int[] {0, 1, inFrame - 1, inFrame, inFrame + 1, 3 * inFrame, 3 * inFrame + 1}) {
            ByteBuf frames = Unpooled.buffer(0);
            writer.deliver(frames, 1, TAG, 1, false, content("", "q", bytes));
            assertThat(decode(frames, FRAME_MAX).frames)
                    .as("%d bytes", bytes)
                    .hasSize(2 + (bytes + inFrame - 1) / inFrame)
                    .contains(new dev.sluice.amqp.Frame.Header(1, bytes, "100002"));
        }
        writer.tune(131072);
        writer.deliver(out, 1, TAG, 1, false, content("", "q", 131064));
        assertThat(decode(out, 131072).frames).hasSize(3);
    }

    @Test
    void reservesExactlyWhatADeliveryTakes() {
        ByteBuf exact = Unpooled.buffer(66, 66);
        writer.deliver(exact, 1, TAG, 5, true, content);
        assertThat(exact.writableBytes()).isZero();
    }

    private static dev.sluice.amqp.Frame.Recorder decode(ByteBuf in, int frameMax) {
        FrameDecoder decoder = new FrameDecoder();
        dev.sluice.amqp.Frame.Recorder recorder = new dev.sluice.amqp.Frame.Recorder();
        decoder.decode(Unpooled.wrappedBuffer(FrameDecoder.protocolHeader()), recorder);
        // Eight bytes less, so that the tolerance for clients does not hide a frame that is too large.
        decoder.tune(Math.max(frameMax - FrameDecoder.OVERHEAD_BYTES, FRAME_MAX), 10);
        recorder.frames.clear();
        assertThat(decoder.decode(in, recorder)).isNull();
        assertThat(in.isReadable()).isFalse();
        return recorder;
    }

    private static String method(DataInputStream in, boolean hasContent) throws IOException {
        Frame frame = Frame.readFrom(in, () -> FRAME_MAX);
        String method = AMQImpl.readMethodFrom(frame.getInputStream()).toString();
        if (hasContent) {
            Frame header = Frame.readFrom(in, () -> FRAME_MAX);
            var properties = AMQImpl.readContentHeaderFrom(header.getInputStream());
            assertThat(properties.getBodySize()).isEqualTo(3);
            assertThat(properties.toString()).contains("delivery-mode=2");
            assertThat(Frame.readFrom(in, () -> FRAME_MAX).getPayload()).containsExactly(0, 1, 2);
        }
        return method;
    }

    private static OutgoingContent content(String exchange, String routingKey, int bodyBytes) {
        ByteBuf route = Unpooled.wrappedBuffer(Route.encode(exchange, routingKey));
        ByteBuf properties = Unpooled.wrappedBuffer(new byte[] {0x10, 0, 2});
        ByteBuf body = Unpooled.buffer();
        for (int i = 0; i < bodyBytes; i++) {
            body.writeByte(i);
        }
        return new OutgoingContent()
                .route(route, 0, route.readableBytes())
                .properties(properties, 0, 3)
                .body(body, 0, bodyBytes);
    }

    private static String hex(String hex) {
        return hex.replace(" ", "");
    }
}
