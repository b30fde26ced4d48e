package dev.sluice.amqp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the arguments of one method, or one field table, from a range of a buffer. It never throws: the first thing that is wrong is remembered, and every
 * later read gives an empty value. Claimed lengths are compared with the range before anything is allocated. Confined to one connection.
 */
final class WireReader {
    static final String MALFORMED_UTF8 = "Malformed UTF-8 in shortstr";

    private ByteBuf in = Unpooled.EMPTY_BUFFER;
    private int index;
    private int end;
    private int fieldsLeft;
    private @Nullable ReplyCode code;
    private String problem = "";

    /** @param maxFields how many fields all tables in this range may have together */
    void reset(ByteBuf buffer, int from, int length, int maxFields) {
        in = buffer;
        index = from;
        end = from + length;
        fieldsLeft = maxFields;
        code = null;
        problem = "";
    }

    /** What went wrong, or null. */
    @Nullable
    ReplyCode failure() {
        return code;
    }

    /** Says what went wrong; empty when nothing did, or when the range simply ended too early. */
    String problem() {
        return problem;
    }

    boolean isAtEnd() {
        return index == end;
    }

    int octet() {
        return has(1) ? in.getUnsignedByte(index++) : 0;
    }

    /** 16 bits, unsigned. */
    int shortInt() {
        return has(2) ? in.getUnsignedShort(advance(2)) : 0;
    }

    /** 32 bits, unsigned. */
    long longInt() {
        return has(4) ? in.getUnsignedInt(advance(4)) : 0;
    }

    long longLong() {
        return has(8) ? in.getLong(advance(8)) : 0;
    }

    /**
     * A short string; refused unless it is UTF-8, so that it is a Java string without loss. RabbitMQ refuses it too, except as the name of a field, where
     * it takes any bytes.
     */
    String shortstr() {
        int length = octet();
        if (!has(length)) {
            return "";
        }
        if (!Utf8.isValid(in, index, length)) {
            fail(ReplyCode.FRAME_ERROR, MALFORMED_UTF8);
            return "";
        }
        return Utf8.read(in, advance(length), length);
    }

    LongString longstr() {
        int length = length();
        return length == 0 ? LongString.EMPTY : LongString.read(in, advance(length), length);
    }

    FieldTable table() {
        return table(1);
    }

    /** A table without its length in front: all that is left of the range. */
    FieldTable tableBody() {
        return entries(end, 1);
    }

    /** One typed value: the letter, then the value. */
    FieldValue value() {
        return value(0);
    }

    private FieldTable table(int depth) {
        int length = length();
        return entries(index + length, depth);
    }

    private FieldTable entries(int tableEnd, int depth) {
        if (index == tableEnd || !mayNest(depth)) {
            return FieldTable.EMPTY;
        }
        int outerEnd = end;
        end = tableEnd;
        List<FieldTable.Entry> entries = new ArrayList<>();
        while (index < end && mayAddField()) {
            entries.add(new FieldTable.Entry(shortstr(), value(depth)));
        }
        end = outerEnd;
        return new FieldTable(entries);
    }

    private FieldArray array(int depth) {
        int length = length();
        if (length == 0 || !mayNest(depth)) {
            return new FieldArray(List.of());
        }
        int outerEnd = end;
        end = index + length;
        List<FieldValue> values = new ArrayList<>();
        while (index < end && mayAddField()) {
            values.add(value(depth));
        }
        end = outerEnd;
        return new FieldArray(values);
    }

    private FieldValue value(int depth) {
        char type = (char) octet();
        return switch (type) {
            case 'S' -> longstr();
            case 't' -> new FieldValue.Bool(octet() != 0);
            case 'b' -> new FieldValue.Whole(type, (byte) octet());
            case 'B' -> new FieldValue.Whole(type, octet());
            case 's' -> new FieldValue.Whole(type, (short) shortInt());
            case 'u' -> new FieldValue.Whole(type, shortInt());
            case 'I' -> new FieldValue.Whole(type, (int) longInt());
            case 'i' -> new FieldValue.Whole(type, longInt());
            case 'l', 'L' -> new FieldValue.Whole(type, longLong());
            case 'f' -> new FieldValue.SinglePrecision(Float.intBitsToFloat((int) longInt()));
            case 'd' -> new FieldValue.DoublePrecision(Double.longBitsToDouble(longLong()));
            case 'D' -> new FieldValue.Decimal(octet(), (int) longInt());
            case 'T' -> new FieldValue.Timestamp(longLong());
            case 'x' -> new FieldValue.Binary(longstr());
            case 'V' -> FieldValue.None.NONE;
            case 'F' -> table(depth + 1);
            case 'A' -> array(depth + 1);
            default -> {
                fail(ReplyCode.SYNTAX_ERROR, "field table has a value of unknown type " + (int) type);
                yield FieldValue.None.NONE;
            }
        };
    }

    /** A 32-bit length of something inside the range, or 0 after a failure. */
    private int length() {
        long length = longInt();
        if (length > end - index) {
            fail(ReplyCode.FRAME_ERROR, "");
            return 0;
        }
        return (int) length;
    }

    private boolean mayNest(int depth) {
        if (depth > FieldTable.MAX_DEPTH) {
            fail(ReplyCode.SYNTAX_ERROR, "field table is nested deeper than " + FieldTable.MAX_DEPTH + " levels");
        }
        return code == null;
    }

    private boolean mayAddField() {
        if (--fieldsLeft < 0) {
            fail(ReplyCode.SYNTAX_ERROR, "field table has too many fields");
        }
        return code == null;
    }

    private boolean has(int bytes) {
        if (code == null && bytes > end - index) {
            fail(ReplyCode.FRAME_ERROR, "");
        }
        return code == null;
    }

    private int advance(int bytes) {
        int at = index;
        index += bytes;
        return at;
    }

    private void fail(ReplyCode failure, String what) {
        if (code == null) {
            code = failure;
            problem = what;
        }
    }
}
