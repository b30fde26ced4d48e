package dev.sluice.log;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * One open file of a {@link Disk}. One thread writes at a time; any thread may read at any time, also while another
 * writes elsewhere in the file.
 */
public interface DiskFile extends AutoCloseable {

    /** The file's name, relative to the data folder. */
    String name();

    long size() throws IOException;

    /**
     * Writes all remaining bytes at the position; extends the file if needed. With {@link Disk.Layout#BLOCKS} the position, the
     * number of bytes and the buffer's address are multiples of the block size. The buffer is direct.
     */
    void write(long position, ByteBuffer bytes) throws IOException;

    /**
     * Reads at the position until the target is full or the file ends; any alignment.
     *
     * @return the number of bytes read, 0 at the end of the file
     */
    int read(long position, ByteBuffer target) throws IOException;

    /**
     * As {@link #read}, for a position, a length and a buffer as {@link #write} wants them: past the page cache where the file is written so,
     * which costs the processor a tenth; whoever reads the same again reads it from the device again.
     */
    int readBlocks(long position, ByteBuffer target) throws IOException;

    /** Makes everything written so far durable, the file's length included. */
    void force() throws IOException;

    /** Cuts the file to the length given; durable only after {@link #force}. */
    void truncate(long bytes) throws IOException;

    @Override
    void close() throws IOException;
}
