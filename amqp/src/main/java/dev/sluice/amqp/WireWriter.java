package dev.sluice.amqp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.charset.StandardCharsets;

/** Writes the data types of AMQP (section 4.2.5) to the end of a buffer. Stateless. */
final class WireWriter {
    private static final int SHORTSTR_MAX_BYTES = 255;

    private WireWriter() {}

    static void shortstr(ByteBuf out, String text) {
        int start = out.writerIndex();
        out.writeByte(0);
        int length = ByteBufUtil.writeUtf8(out, text);
        if (length > SHORTSTR_MAX_BYTES) {
            out.writerIndex(start);
            throw new IllegalArgumentException("a short string has at most 255 bytes, this one " + length);
        }
        out.setByte(start, length);
    }

    /** A short string as it stands on the wire, to be kept and written many times. */
    static byte[] shortstr(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        if (utf8.length > SHORTSTR_MAX_BYTES) {
            throw new IllegalArgumentException("a short string has at most 255 bytes, this one " + utf8.length);
        }
        byte[] encoded = new byte[1 + utf8.length];
        encoded[0] = (byte) utf8.length;
        System.arraycopy(utf8, 0, encoded, 1, utf8.length);
        return encoded;
    }

    static void longstr(ByteBuf out, LongString text) {
        out.writeInt(text.length());
        text.writeBytes(out);
    }

    /** Up to eight bits, the first one lowest (section 4.2.5.2). */
    static void bits(ByteBuf out, boolean... bits) {
        int packed = 0;
        for (int i = 0; i < bits.length; i++) {
            packed |= bits[i] ? 1 << i : 0;
        }
        out.writeByte(packed);
    }

    static void table(ByteBuf out, FieldTable table) {
        int start = out.writerIndex();
        out.writeInt(0);
        for (FieldTable.Entry entry : table.entries()) {
            field(out, entry);
        }
        out.setInt(start, out.writerIndex() - start - Integer.BYTES);
    }

    /** A name, the type letter and the value. */
    static void field(ByteBuf out, FieldTable.Entry entry) {
        shortstr(out, entry.name());
        value(out, entry.value());
    }

    /** The type letter and the value. */
    static void value(ByteBuf out, FieldValue value) {
        out.writeByte(value.type());
        switch (value) {
            case LongString text -> longstr(out, text);
            case FieldTable table -> table(out, table);
            case FieldArray array -> array(out, array);
            case FieldValue.Bool bool -> out.writeBoolean(bool.value());
            case FieldValue.Whole whole -> whole(out, whole);
            case FieldValue.SinglePrecision number -> out.writeInt(Float.floatToRawIntBits(number.value()));
            case FieldValue.DoublePrecision number -> out.writeLong(Double.doubleToRawLongBits(number.value()));
            case FieldValue.Decimal(int scale, int unscaled) ->
                out.writeByte(scale).writeInt(unscaled);
            case FieldValue.Timestamp(long seconds) -> out.writeLong(seconds);
            case FieldValue.Binary(LongString content) -> longstr(out, content);
            case FieldValue.None none -> {}
        }
    }

    private static void array(ByteBuf out, FieldArray array) {
        int start = out.writerIndex();
        out.writeInt(0);
        for (FieldValue value : array.values()) {
            value(out, value);
        }
        out.setInt(start, out.writerIndex() - start - Integer.BYTES);
    }

    private static void whole(ByteBuf out, FieldValue.Whole whole) {
        switch (whole.type()) {
            case 'b', 'B' -> out.writeByte((int) whole.value());
            case 's', 'u' -> out.writeShort((int) whole.value());
            case 'I', 'i' -> out.writeInt((int) whole.value());
            default -> out.writeLong(whole.value());
        }
    }
}
