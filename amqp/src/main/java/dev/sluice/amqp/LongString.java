package dev.sluice.amqp;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A long string of AMQP: any bytes, usually UTF-8 text. Immutable. */
final class LongString implements FieldValue {
    static final LongString EMPTY = new LongString(new byte[0]);

    private final byte[] bytes;

    private LongString(byte[] bytes) {
        this.bytes = bytes;
    }

    static LongString of(String text) {
        return new LongString(text.getBytes(StandardCharsets.UTF_8));
    }

    static LongString of(byte[] bytes) {
        return new LongString(bytes.clone());
    }

    static LongString read(ByteBuf in, int index, int length) {
        byte[] bytes = new byte[length];
        in.getBytes(index, bytes);
        return new LongString(bytes);
    }

    int length() {
        return bytes.length;
    }

    byte[] bytes() {
        return bytes.clone();
    }

    void writeBytes(ByteBuf out) {
        out.writeBytes(bytes);
    }

    /** The text; what is not UTF-8 becomes the replacement character. */
    String text() {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Override
    public char type() {
        return 'S';
    }

    /** A String where the bytes are UTF-8, else the bytes. */
    @Override
    public Object plain() {
        return Utf8.isValid(bytes) ? text() : bytes();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof LongString that && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return '"' + text() + '"';
    }
}
