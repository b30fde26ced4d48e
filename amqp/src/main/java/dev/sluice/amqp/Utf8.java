package dev.sluice.amqp;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Checks and reads UTF-8 in buffers; the first pass over plain ASCII takes eight bytes at a time and allocates nothing. */
final class Utf8 {
    private static final long HIGH_BITS = 0x8080808080808080L;

    private Utf8() {}

    static boolean isValid(ByteBuf in, int index, int length) {
        return isAscii(in, index, length) || isWellFormed(in, index, index + length);
    }

    static boolean isValid(byte[] bytes) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    static String read(ByteBuf in, int index, int length) {
        return length == 0 ? "" : in.toString(index, length, StandardCharsets.UTF_8);
    }

    private static boolean isAscii(ByteBuf in, int index, int length) {
        int i = index;
        int end = index + length;
        for (; i + Long.BYTES <= end; i += Long.BYTES) {
            if ((in.getLong(i) & HIGH_BITS) != 0) {
                return false;
            }
        }
        int rest = 0;
        for (; i < end; i++) {
            rest |= in.getByte(i);
        }
        return rest >= 0;
    }

    /** The table of well-formed byte sequences of the Unicode standard (table 3-7): no overlong forms, surrogates or values above U+10FFFF. */
    private static boolean isWellFormed(ByteBuf in, int index, int end) {
        int i = index;
        while (i < end) {
            int first = in.getUnsignedByte(i++);
            if (first < 0x80) {
                continue;
            }
            int more = first < 0xC2 ? -1 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : first < 0xF5 ? 3 : -1;
            if (more < 0 || end - i < more || !isSecondByte(first, in.getUnsignedByte(i))) {
                return false;
            }
            for (int k = 1; k < more; k++) {
                if ((in.getByte(i + k) & 0xC0) != 0x80) {
                    return false;
                }
            }
            i += more;
        }
        return true;
    }

    private static boolean isSecondByte(int first, int second) {
        int low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
        int high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
        return second >= low && second <= high;
    }
}
