package dev.sluice.log;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Turns entries into a frame in an aligned buffer and writes it, with one write if it fits and several if not. Confined to
 * the journal thread. The buffer grows and shrinks with the frames.
 */
final class FrameWriter {
    private static final int LEAST_BUFFER_BYTES = 64 << 10;
    private static final int SMALL_FRAMES_BEFORE_SHRINKING = 1024;

    private final int mostBufferBytes;
    private final CRC32C crc = new CRC32C();
    private @Nullable ByteBuf memory;
    private ByteBuf buffer;
    private int smallFrames;

    // Of the frame being written.
    private long filePosition;
    private int buffered;

    FrameWriter(int mostBufferBytes) {
        this.mostBufferBytes = mostBufferBytes;
        this.buffer = allocate(Math.min(mostBufferBytes, LEAST_BUFFER_BYTES));
    }

    /**
     * Writes one frame at the position of the file; durable on return.
     *
     * @param first the first of {@code count} linked entries
     */
    void write(
            DiskFile file, long position, long salt, long sequence, long follows, Entry first, int count, int payload)
            throws IOException {
        fitBuffer(JournalFrame.frameBytes(count, payload), JournalFrame.headBytes(count));
        JournalFrame.writeHeader(buffer, salt, sequence, follows, count, payload);
        Entry entry = first;
        for (int i = 0; i < count && entry != null; i++, entry = entry.next) {
            JournalFrame.writeTableEntry(buffer, i, entry);
        }
        JournalFrame.seal(buffer, crc, count);
        filePosition = position;
        buffered = JournalFrame.headBytes(count);
        entry = first;
        for (int i = 0; i < count && entry != null; i++, entry = entry.next) {
            add(file, entry.batch());
        }
        int filling = -buffered & (Disk.BLOCK_BYTES - 1);
        buffer.setZero(buffered, filling);
        buffered += filling;
        writeBuffered(file);
    }

    void close() {
        ByteBuf old = memory;
        memory = null;
        if (old != null) {
            old.release();
        }
    }

    private void add(DiskFile file, ByteBuf batch) throws IOException {
        int from = batch.readerIndex();
        int end = batch.writerIndex();
        while (from < end) {
            if (buffered == buffer.capacity()) {
                writeBuffered(file);
            }
            int bytes = Math.min(end - from, buffer.capacity() - buffered);
            buffer.setBytes(buffered, batch, from, bytes);
            buffered += bytes;
            from += bytes;
        }
    }

    private void writeBuffered(DiskFile file) throws IOException {
        ByteBuffer bytes = buffer.internalNioBuffer(0, buffered);
        file.write(filePosition, bytes);
        filePosition += buffered;
        buffered = 0;
    }

    private void fitBuffer(long frameBytes, int headBytes) {
        int capacity = buffer.capacity();
        if ((frameBytes > capacity && capacity < mostBufferBytes) || headBytes > capacity) {
            int wanted = (int) Math.min(mostBufferBytes, Long.highestOneBit(frameBytes - 1) * 2);
            replaceBuffer(Math.max(wanted, (headBytes + Disk.BLOCK_BYTES) & -Disk.BLOCK_BYTES));
        } else if (capacity > LEAST_BUFFER_BYTES && frameBytes < capacity / 8) {
            if (++smallFrames > SMALL_FRAMES_BEFORE_SHRINKING) {
                replaceBuffer(LEAST_BUFFER_BYTES);
            }
        } else {
            smallFrames = 0;
        }
    }

    private void replaceBuffer(int bytes) {
        close();
        buffer = allocate(bytes);
        smallFrames = 0;
    }

    private ByteBuf allocate(int bytes) {
        ByteBuf whole = UnpooledByteBufAllocator.DEFAULT.directBuffer(bytes + Disk.BLOCK_BYTES);
        memory = whole;
        int offset = whole.nioBuffer(0, whole.capacity()).alignmentOffset(0, Disk.BLOCK_BYTES);
        int start = offset == 0 ? 0 : Disk.BLOCK_BYTES - offset;
        return whole.slice(start, bytes);
    }
}
