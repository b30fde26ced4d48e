package dev.sluice.kafka;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.MessageSizeAccumulator;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.protocol.Writable;
import org.apache.kafka.common.record.internal.BaseRecords;

/** Writes one response with its length and header. {@link StoredBatches} are not copied, but put between the buffers with the rest. Confined to one thread. */
final class ResponseWriter implements Writable {
    private static final int VARINT_BITS = 7;
    private static final int VARINT_MASK = 0x7f;
    private static final int VARINT_MORE = 0x80;

    private final List<ByteBuf> done = new ArrayList<>(1);
    private ByteBuf out;
    /** Of {@link #out}: what is before it is in {@link #done}. */
    private int doneBelow;

    private ResponseWriter(int bytes) {
        this.out = PooledByteBufAllocator.DEFAULT.directBuffer(bytes, bytes);
    }

    /** The caller releases the buffers, which hold the stored batches too. */
    static List<ByteBuf> write(RequestHeaderData request, ApiMessage response) {
        ApiMessageType type = ApiMessageType.fromApiKey(response.apiKey());
        short version = request.requestApiVersion();
        return write(
                new ResponseHeaderData().setCorrelationId(request.correlationId()),
                type.responseHeaderVersion(version),
                response,
                version);
    }

    static List<ByteBuf> write(ResponseHeaderData header, short headerVersion, ApiMessage response, short version) {
        var cache = new ObjectSerializationCache();
        var size = new MessageSizeAccumulator();
        header.addSize(size, cache, headerVersion);
        response.addSize(size, cache, version);
        var writer = new ResponseWriter(Integer.BYTES + size.sizeExcludingZeroCopy());
        writer.writeInt(size.totalSize());
        header.write(writer, cache, headerVersion);
        response.write(writer, cache, version);
        return writer.finish();
    }

    private List<ByteBuf> finish() {
        if (done.isEmpty()) {
            return List.of(out);
        }
        if (out.writerIndex() > doneBelow) {
            done.add(out.retainedSlice(doneBelow, out.writerIndex() - doneBelow));
        }
        out.release();
        return done;
    }

    @Override
    public void writeRecords(BaseRecords records) {
        if (!(records instanceof StoredBatches stored)) {
            throw new IllegalArgumentException("only stored batches are sent, not " + records.getClass());
        }
        if (stored.sizeInBytes() > 0) {
            done.add(out.retainedSlice(doneBelow, out.writerIndex() - doneBelow));
            doneBelow = out.writerIndex();
            done.addAll(stored.takeOver());
        }
    }

    @Override
    public void writeByte(byte value) {
        out.writeByte(value);
    }

    @Override
    public void writeShort(short value) {
        out.writeShort(value);
    }

    @Override
    public void writeInt(int value) {
        out.writeInt(value);
    }

    @Override
    public void writeLong(long value) {
        out.writeLong(value);
    }

    @Override
    public void writeDouble(double value) {
        out.writeDouble(value);
    }

    @Override
    public void writeByteArray(byte[] bytes) {
        out.writeBytes(bytes);
    }

    @Override
    public void writeByteBuffer(ByteBuffer bytes) {
        out.writeBytes(bytes.duplicate());
    }

    @Override
    public void writeUnsignedVarint(int value) {
        int left = value;
        while ((left & ~VARINT_MASK) != 0) {
            out.writeByte((left & VARINT_MASK) | VARINT_MORE);
            left >>>= VARINT_BITS;
        }
        out.writeByte(left);
    }

    @Override
    public void writeVarint(int value) {
        writeUnsignedVarint((value << 1) ^ (value >> (Integer.SIZE - 1)));
    }

    @Override
    public void writeVarlong(long value) {
        long left = (value << 1) ^ (value >> (Long.SIZE - 1));
        while ((left & ~(long) VARINT_MASK) != 0) {
            out.writeByte((int) (left & VARINT_MASK) | VARINT_MORE);
            left >>>= VARINT_BITS;
        }
        out.writeByte((int) left);
    }
}
