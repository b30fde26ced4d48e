package dev.sluice.broker;

import io.netty.buffer.ByteBuf;

/** Which partition a key belongs to: as Kafka's clients choose it, by Austin Appleby's MurmurHash2, so that a key is in the same one whoever publishes. Stateless. */
final class KeyPartitioner {
    private static final int SEED = 0x9747b28c;
    private static final int MIX = 0x5bd1e995;
    private static final int SHIFT = 24;

    private KeyPartitioner() {}

    static int partition(ByteBuf key, int partitions) {
        return (hash(key) & Integer.MAX_VALUE) % partitions;
    }

    /** Of the bytes from reader index to writer index. */
    static int hash(ByteBuf key) {
        int length = key.readableBytes();
        int at = key.readerIndex();
        int end = at + length;
        int hash = SEED ^ length;
        for (; end - at >= Integer.BYTES; at += Integer.BYTES) {
            int word = key.getIntLE(at) * MIX;
            hash = hash * MIX ^ (word ^ word >>> SHIFT) * MIX;
        }
        if (at < end) {
            for (int i = end - 1; i >= at; i--) {
                hash ^= key.getUnsignedByte(i) << (Byte.SIZE * (i - at));
            }
            hash *= MIX;
        }
        hash = (hash ^ hash >>> 13) * MIX;
        return hash ^ hash >>> 15;
    }
}
