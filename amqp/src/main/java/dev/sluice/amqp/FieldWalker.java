package dev.sluice.amqp;

import io.netty.buffer.ByteBuf;

/**
 * Walks over a field table without decoding it: says where it ends, or that it is malformed. Accepts exactly what {@link WireReader} reads, and allocates
 * nothing. Confined to one thread.
 */
final class FieldWalker {
    static final int MALFORMED = -1;

    private int fieldsLeft;

    /** The index after the table whose length stands at {@code index}, or {@link #MALFORMED}. */
    int skipTable(ByteBuf in, int index, int end) {
        fieldsLeft = FieldTable.MAX_FIELDS;
        return skipTable(in, index, end, 1);
    }

    /** The index after the value whose type letter stands at {@code index}, or {@link #MALFORMED}. */
    int skipValue(ByteBuf in, int index, int end) {
        fieldsLeft = FieldTable.MAX_FIELDS;
        return skipValue(in, index, end, 1);
    }

    private int skipTable(ByteBuf in, int index, int end, int depth) {
        int tableEnd = skipLongstr(in, index, end);
        if (tableEnd == MALFORMED || depth > FieldTable.MAX_DEPTH) {
            return MALFORMED;
        }
        int i = index + Integer.BYTES;
        while (i < tableEnd) {
            int nameLength = in.getUnsignedByte(i++);
            if (--fieldsLeft < 0 || tableEnd - i < nameLength || !Utf8.isValid(in, i, nameLength)) {
                return MALFORMED;
            }
            i = skipValue(in, i + nameLength, tableEnd, depth);
            if (i == MALFORMED) {
                return MALFORMED;
            }
        }
        return tableEnd;
    }

    private int skipArray(ByteBuf in, int index, int end, int depth) {
        int arrayEnd = skipLongstr(in, index, end);
        if (arrayEnd == MALFORMED || depth > FieldTable.MAX_DEPTH) {
            return MALFORMED;
        }
        int i = index + Integer.BYTES;
        while (i < arrayEnd) {
            i = --fieldsLeft < 0 ? MALFORMED : skipValue(in, i, arrayEnd, depth);
            if (i == MALFORMED) {
                return MALFORMED;
            }
        }
        return arrayEnd;
    }

    private int skipValue(ByteBuf in, int index, int end, int depth) {
        if (index >= end) {
            return MALFORMED;
        }
        int i = index + 1;
        return switch (in.getByte(index)) {
            case 'S', 'x' -> skipLongstr(in, i, end);
            case 'V' -> i;
            case 't', 'b', 'B' -> skip(i, 1, end);
            case 's', 'u' -> skip(i, 2, end);
            case 'I', 'i', 'f' -> skip(i, 4, end);
            case 'D' -> skip(i, 5, end);
            case 'l', 'L', 'd', 'T' -> skip(i, 8, end);
            case 'F' -> skipTable(in, i, end, depth + 1);
            case 'A' -> skipArray(in, i, end, depth + 1);
            default -> MALFORMED;
        };
    }

    private static int skipLongstr(ByteBuf in, int index, int end) {
        if (end - index < Integer.BYTES) {
            return MALFORMED;
        }
        long length = in.getUnsignedInt(index);
        int start = index + Integer.BYTES;
        return length <= end - start ? start + (int) length : MALFORMED;
    }

    private static int skip(int index, int bytes, int end) {
        return end - index >= bytes ? index + bytes : MALFORMED;
    }
}
