package dev.sluice.kafka;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import org.apache.kafka.common.protocol.Readable;
import org.apache.kafka.common.record.internal.MemoryRecords;

/** Lets the generated messages read from a buffer, which it borrows. Records point into the buffer; everything else is copied. Confined to one thread. */
final class ByteBufReadable implements Readable {
    private static final int VARINT_BITS = 7;
    private static final int VARINT_MASK = 0x7f;
    private static final int MAX_VARINT_SHIFT = 28;
    private static final int MAX_VARLONG_SHIFT = 63;

    private final ByteBuf in;

    ByteBufReadable(ByteBuf in) {
        this.in = in;
    }

    @Override
    public byte readByte() {
        return in.readByte();
    }

    @Override
    public short readShort() {
        return in.readShort();
    }

    @Override
    public int readInt() {
        return in.readInt();
    }

    @Override
    public long readLong() {
        return in.readLong();
    }

    @Override
    public double readDouble() {
        return in.readDouble();
    }

    @Override
    public byte[] readArray(int length) {
        checkLength(length);
        byte[] bytes = new byte[length];
        in.readBytes(bytes);
        return bytes;
    }

    @Override
    public ByteBuffer readByteBuffer(int length) {
        return ByteBuffer.wrap(readArray(length));
    }

    @Override
    public MemoryRecords readRecords(int length) {
        checkLength(length);
        ByteBuffer records = in.nioBuffer(in.readerIndex(), length);
        in.skipBytes(length);
        return MemoryRecords.readableRecords(records);
    }

    /** Before anything is allocated. */
    private void checkLength(int length) {
        if (length < 0 || length > in.readableBytes()) {
            throw new IndexOutOfBoundsException(
                    "a length of " + length + " where " + in.readableBytes() + " bytes are left");
        }
    }

    @Override
    public int readUnsignedVarint() {
        int value = 0;
        int shift = 0;
        byte next = in.readByte();
        while (next < 0) {
            value |= (next & VARINT_MASK) << shift;
            shift += VARINT_BITS;
            if (shift > MAX_VARINT_SHIFT) {
                throw new IllegalArgumentException("a varint has more than five bytes");
            }
            next = in.readByte();
        }
        return value | (next << shift);
    }

    @Override
    public int readVarint() {
        int value = readUnsignedVarint();
        return (value >>> 1) ^ -(value & 1);
    }

    @Override
    public long readVarlong() {
        long value = 0;
        int shift = 0;
        byte next = in.readByte();
        while (next < 0) {
            value |= (long) (next & VARINT_MASK) << shift;
            shift += VARINT_BITS;
            if (shift > MAX_VARLONG_SHIFT) {
                throw new IllegalArgumentException("a varlong has more than ten bytes");
            }
            next = in.readByte();
        }
        value |= (long) next << shift;
        return (value >>> 1) ^ -(value & 1);
    }

    @Override
    public int remaining() {
        return in.readableBytes();
    }

    @Override
    public Readable slice() {
        return new ByteBufReadable(in.slice());
    }
}
