package dev.sluice.amqp;

/**
 * What the gateway offers to and takes from its clients. Immutable.
 *
 * @param maxMessageBytes the largest body of a message
 * @param channelMax how many channels a connection may have
 * @param frameMaxBytes the largest frame with head and end
 * @param heartbeatSeconds the proposed interval in which each side hears from the other; the client decides
 */
public record AmqpSettings(int maxMessageBytes, int channelMax, int frameMaxBytes, int heartbeatSeconds) {
    private static final int MIB = 1 << 20;

    /** RabbitMQ's proposals, which clients are known to get along with. */
    public static final AmqpSettings DEFAULT = new AmqpSettings(16 * MIB, 2047, 128 * 1024, 60);

    public AmqpSettings {
        require(
                maxMessageBytes >= 1 && maxMessageBytes <= FrameDecoder.MAX_BODY_BYTES,
                "max message size",
                maxMessageBytes);
        require(channelMax >= 1 && channelMax <= 0xFFFF, "channel max", channelMax);
        require(frameMaxBytes >= FrameDecoder.FRAME_MIN_BYTES && frameMaxBytes <= MIB, "frame max", frameMaxBytes);
        require(heartbeatSeconds >= 0 && heartbeatSeconds <= 0xFFFF, "heartbeat in seconds", heartbeatSeconds);
    }

    public AmqpSettings withMaxMessageBytes(int bytes) {
        return new AmqpSettings(bytes, channelMax, frameMaxBytes, heartbeatSeconds);
    }

    private static void require(boolean holds, String what, int value) {
        if (!holds) {
            throw new IllegalArgumentException(what + " cannot be " + value);
        }
    }
}
