package dev.sluice.log;

import java.io.IOException;
import java.util.List;

/**
 * Every file operation of a store goes through here, so that a simulation can stand in for the device. Names are
 * relative to the data folder, with {@code /} between a folder and a file. Implementations are thread-safe; all calls
 * block.
 *
 * <p>A full device shows as {@link DiskFullException}; everything else that goes wrong as another {@link IOException}.
 * After a failed {@link DiskFile#write} or {@link DiskFile#force} the content of that file's range is unknown, and the
 * store never writes to that file again.
 */
public interface Disk {

    /** Direct I/O needs positions, lengths and memory addresses that are multiples of this. */
    int BLOCK_BYTES = 4096;

    /** What a returned {@link DiskFile#write} promises. */
    enum Writes {
        /** It is durable. */
        SYNCHRONOUS,
        /** It is durable only after {@link DiskFile#force}. */
        FORCED
    }

    /** How a file is written. */
    enum Layout {
        /** In aligned blocks ({@link #BLOCK_BYTES}); direct I/O where the file system takes it. */
        BLOCKS,
        /** Appended in pieces of any length, through the page cache. */
        STREAM
    }

    /**
     * Takes the exclusive lock of the data folder, creating the folder if absent.
     *
     * @throws StorageException of kind BUSY with the holder's process id if somebody else has it
     */
    AutoCloseable lock() throws IOException;

    /** Creates the folder if absent; durable on return. */
    void createFolder(String folder) throws IOException;

    /** The names of the files in a folder, without the folder, sorted. */
    List<String> list(String folder) throws IOException;

    boolean exists(String name) throws IOException;

    /**
     * Creates a file of {@code bytes} zeros (a multiple of the block size, 0 is allowed) whose blocks are allocated, so
     * that writing inside it changes no file system metadata. Durable on return, the folder's entry included. An
     * existing file of that name is replaced.
     */
    void create(String name, long bytes) throws IOException;

    /** Opens an existing file for reading and writing. */
    DiskFile open(String name, Layout layout, Writes writes) throws IOException;

    /** Renames, replacing {@code to} if it exists; atomic, and durable on return. */
    void rename(String from, String to) throws IOException;

    /** Deletes a file if it exists; after a crash it may be there again. */
    void delete(String name) throws IOException;

    /** Bytes that the file system still offers to this process. */
    long usableBytes() throws IOException;

    /** Bytes that the file system has in all, used or not. */
    long totalBytes() throws IOException;

    /** One line for people: where the files are, and how they are written. */
    String describe();
}
