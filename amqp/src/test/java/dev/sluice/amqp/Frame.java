package dev.sluice.amqp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** What the decoder handed over, as values that can be compared. */
sealed interface Frame {
    record ProtocolHeader() implements Frame {}

    record Method(int channel, AmqpMethod method) implements Frame {}

    record Header(int channel, int bodySize, String propertiesHex) implements Frame {}

    record Body(int channel, String hex) implements Frame {}

    record Heartbeat() implements Frame {}

    /** Keeps every frame. */
    class Recorder implements FrameHandler {
        final List<Frame> frames = new ArrayList<>();

        List<AmqpMethod> methods() {
            List<AmqpMethod> methods = new ArrayList<>();
            for (Frame frame : frames) {
                if (frame instanceof Method method) {
                    methods.add(method.method());
                }
            }
            return methods;
        }

        @Override
        public void protocolHeader() {
            frames.add(new ProtocolHeader());
        }

        @Override
        public void method(int channel, AmqpMethod method) {
            frames.add(new Method(channel, method));
        }

        @Override
        public void publish(int channel, PublishFrame publish) {
            frames.add(new Method(channel, publish.toMethod()));
        }

        @Override
        public void ack(int channel, long deliveryTag, boolean multiple) {
            frames.add(new Method(channel, new BasicMethod.Ack(deliveryTag, multiple)));
        }

        @Override
        public void header(int channel, ContentHeader header) {
            ContentProperties properties = header.properties();
            frames.add(new Header(
                    channel,
                    header.bodySize(),
                    ByteBufUtil.hexDump(properties.buffer(), properties.index(), properties.length())));
        }

        @Override
        public void body(int channel, ByteBuf in, int index, int length) {
            frames.add(new Body(channel, ByteBufUtil.hexDump(in, index, length)));
        }

        @Override
        public void heartbeat() {
            frames.add(new Heartbeat());
        }
    }

    static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex.replaceAll("\\s", ""));
    }
}
