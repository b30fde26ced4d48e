package dev.sluice.amqp;

import io.netty.util.internal.PlatformDependent;

/**
 * What the gateway offers to and takes from its clients. Immutable.
 *
 * @param maxMessageBytes the largest body of a message
 * @param channelMax how many channels a connection may have
 * @param frameMaxBytes the largest frame with head and end
 * @param heartbeatSeconds the proposed interval in which each side hears from the other; the client decides
 * @param unfinishedBodyBytes what the bodies of which the rest is still to come may take, over all connections; at least four
 *     messages of the largest size
 */
public record AmqpSettings(
        int maxMessageBytes, int channelMax, int frameMaxBytes, int heartbeatSeconds, long unfinishedBodyBytes) {
    private static final int MIB = 1 << 20;

    /** RabbitMQ's proposals, which clients are known to get along with. */
    public static final AmqpSettings DEFAULT = new AmqpSettings(
            16 * MIB, 2047, 128 * 1024, 60, Math.max(64L * MIB, PlatformDependent.maxDirectMemory() / 8));

    public AmqpSettings {
        require(
                maxMessageBytes >= 1 && maxMessageBytes <= FrameDecoder.MAX_BODY_BYTES,
                "max message size",
                maxMessageBytes);
        require(channelMax >= 1 && channelMax <= 0xFFFF, "channel max", channelMax);
        require(frameMaxBytes >= FrameDecoder.FRAME_MIN_BYTES && frameMaxBytes <= MIB, "frame max", frameMaxBytes);
        require(unfinishedBodyBytes >= 4L * maxMessageBytes, "memory for unfinished bodies", unfinishedBodyBytes);
        require(heartbeatSeconds >= 0 && heartbeatSeconds <= 0xFFFF, "heartbeat in seconds", heartbeatSeconds);
    }

    public AmqpSettings withMaxMessageBytes(int bytes) {
        return new AmqpSettings(
                bytes, channelMax, frameMaxBytes, heartbeatSeconds, Math.max(4L * bytes, unfinishedBodyBytes));
    }

    private static void require(boolean holds, String what, long value) {
        if (!holds) {
            throw new IllegalArgumentException(what + " cannot be " + value);
        }
    }
}
