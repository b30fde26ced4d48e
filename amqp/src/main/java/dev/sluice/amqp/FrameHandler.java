package dev.sluice.amqp;

import io.netty.buffer.ByteBuf;

/**
 * Receives the frames of one connection from {@link FrameDecoder}, in order, on its thread. Views and buffers are borrowed: they are valid during the call,
 * and who needs bytes longer copies or retains them.
 */
interface FrameHandler {
    /** The peer speaks AMQP 0-9-1; always the first call. */
    void protocolHeader();

    /** Any method but basic.publish and basic.ack, which are too frequent for an object each. */
    void method(int channel, AmqpMethod method);

    void publish(int channel, PublishFrame publish);

    void ack(int channel, long deliveryTag, boolean multiple);

    void header(int channel, ContentHeader header);

    /** A part of a body: {@code length} bytes of {@code in} from {@code index} on; may be empty. */
    void body(int channel, ByteBuf in, int index, int length);

    void heartbeat();
}
