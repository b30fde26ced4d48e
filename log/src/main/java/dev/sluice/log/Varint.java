package dev.sluice.log;

import io.netty.buffer.ByteBuf;

/**
 * Stateless. Zigzag varints as in the records of a batch: 7 bits a byte, lowest first, the top bit says that another byte
 * follows; the sign is bit 0.
 */
final class Varint {
    static final int MAX_INT_BYTES = 5;
    static final int MAX_LONG_BYTES = 10;

    private Varint() {}

    static int sizeOf(int value) {
        return sizeOfUnsigned(((value << 1) ^ (value >> 31)) & 0xffff_ffffL);
    }

    static int sizeOf(long value) {
        return sizeOfUnsigned((value << 1) ^ (value >> 63));
    }

    /** Seven bits a byte; zero takes one byte as well. */
    private static int sizeOfUnsigned(long bits) {
        return (70 - Long.numberOfLeadingZeros(bits | 1)) / 7;
    }

    /** Returns the index after the last byte written. */
    static int write(byte[] out, int index, int value) {
        return writeUnsigned(out, index, ((value << 1) ^ (value >> 31)) & 0xffff_ffffL);
    }

    /** Returns the index after the last byte written. */
    static int write(byte[] out, int index, long value) {
        return writeUnsigned(out, index, (value << 1) ^ (value >> 63));
    }

    private static int writeUnsigned(byte[] out, int index, long value) {
        long bits = value;
        int at = index;
        while ((bits & ~0x7fL) != 0) {
            out[at++] = (byte) (bits | 0x80);
            bits >>>= 7;
        }
        out[at++] = (byte) bits;
        return at;
    }

    static void write(ByteBuf out, int value) {
        int bits = (value << 1) ^ (value >> 31);
        while ((bits & ~0x7f) != 0) {
            out.writeByte(bits | 0x80);
            bits >>>= 7;
        }
        out.writeByte(bits);
    }
}
