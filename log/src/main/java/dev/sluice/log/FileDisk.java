package dev.sluice.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A folder of the file system. Blocks are written with direct I/O if the file system takes it, which is tried out once,
 * and else through the page cache with a sync after each synchronous write. Thread-safe: immutable but for the
 * lock, which is taken before anything else.
 */
final class FileDisk implements Disk {
    private static final String LOCK_FILE = "lock";
    private static final String PROBE_FILE = "direct-io-probe";
    private static final int ZEROS_BYTES = 1 << 20;
    private static final int HOLDER_BYTES = 20;

    private final Path folder;
    private final boolean direct;
    private final boolean readOnly;
    /** Which file is the lock, while it is held. */
    private volatile @Nullable Object lockKey;

    private FileDisk(Path folder, boolean direct, boolean readOnly) {
        this.folder = folder;
        this.direct = direct;
        this.readOnly = readOnly;
    }

    /** Creates the folder if absent and tries out direct I/O in it. */
    static FileDisk open(Path folder) throws IOException {
        Files.createDirectories(folder);
        return new FileDisk(folder, takesDirectIo(folder.resolve(PROBE_FILE)), false);
    }

    /** Without direct I/O, whatever the file system offers. */
    static FileDisk withoutDirectIo(Path folder) throws IOException {
        Files.createDirectories(folder);
        return new FileDisk(folder, false, false);
    }

    /** A folder as it is, for reading: nothing is created or tried out, and no file can be written but the lock. */
    static FileDisk unchanged(Path folder) {
        return new FileDisk(folder, false, true);
    }

    private static boolean takesDirectIo(Path probe) throws IOException {
        OpenOption option = DirectIo.option();
        if (option == null) {
            return false;
        }
        try (FileChannel channel =
                FileChannel.open(probe, StandardOpenOption.CREATE, StandardOpenOption.WRITE, option)) {
            channel.write(alignedBuffer(BLOCK_BYTES), 0);
            return true;
        } catch (UnsupportedOperationException | IOException refused) {
            // tmpfs and many network file systems refuse; the page cache serves them. A full disk has not refused.
            return refused instanceof IOException failure && FileDiskFile.isDiskFull(failure);
        } finally {
            Files.deleteIfExists(probe);
        }
    }

    /** A direct buffer whose address suits direct I/O; freed by the garbage collector. */
    static ByteBuffer alignedBuffer(int bytes) {
        return ByteBuffer.allocateDirect(bytes + BLOCK_BYTES)
                .alignedSlice(BLOCK_BYTES)
                .limit(bytes)
                .slice();
    }

    @Override
    public AutoCloseable lock() throws IOException {
        Path path = folder.resolve(LOCK_FILE);
        FileChannel channel =
                FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException heldByThisProcess) {
            lock = null;
        }
        if (lock == null) {
            String holder = Files.readString(path, StandardCharsets.US_ASCII).strip();
            channel.close();
            throw new StorageException(
                    StorageException.Kind.BUSY,
                    "the data folder " + folder.toAbsolutePath() + " is in use by process "
                            + (holder.isEmpty() ? "(unknown)" : holder)
                            + "; stop that process, or start this one with another folder");
        }
        writeHolder(channel);
        lockKey = fileKey(path);
        return channel;
    }

    /** Whether the folder that was locked is still in its place. Any thread. */
    boolean isThere() {
        Object key = lockKey;
        try {
            return key == null || key.equals(fileKey(folder.resolve(LOCK_FILE)));
        } catch (IOException failure) {
            return false;
        }
    }

    private static @Nullable Object fileKey(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    }

    /** Filled up with spaces instead of cut, so that the file keeps its block, which may be the last there is. */
    private static void writeHolder(FileChannel channel) throws IOException {
        String holder = String.format(
                "%-" + HOLDER_BYTES + "s\n", ProcessHandle.current().pid());
        try {
            channel.write(ByteBuffer.wrap(holder.getBytes(StandardCharsets.US_ASCII)), 0);
        } catch (IOException failure) {
            if (!FileDiskFile.isDiskFull(failure)) {
                throw failure;
            } // the lock holds without it
        }
    }

    @Override
    public void createFolder(String name) throws IOException {
        Path path = folder.resolve(name);
        if (!Files.isDirectory(path)) {
            Files.createDirectories(path);
            syncFolderOf(path);
        }
    }

    @Override
    public List<String> list(String name) throws IOException {
        Path path = folder.resolve(name);
        if (!Files.isDirectory(path)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(path)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Override
    public boolean exists(String name) {
        return Files.exists(folder.resolve(name));
    }

    @Override
    public void create(String name, long bytes) throws IOException {
        Path path = folder.resolve(name);
        Files.deleteIfExists(path);
        try (DiskFile file = openOrCreate(name, Layout.BLOCKS, Writes.FORCED, true)) {
            ByteBuffer zeros = alignedBuffer((int) Math.min(bytes, ZEROS_BYTES));
            for (long at = 0; at < bytes; at += zeros.capacity()) {
                file.write(at, zeros.clear().limit((int) Math.min(zeros.capacity(), bytes - at)));
            }
            file.force();
        } catch (IOException failure) {
            Files.deleteIfExists(path); // gives the space back at once: it may be the last there is
            throw failure;
        }
        syncFolderOf(path);
    }

    @Override
    public DiskFile open(String name, Layout layout, Writes writes) throws IOException {
        return openOrCreate(name, layout, writes, false);
    }

    private DiskFile openOrCreate(String name, Layout layout, Writes writes, boolean create) throws IOException {
        if (readOnly) {
            return FileDiskFile.openToRead(name, folder.resolve(name));
        }
        return FileDiskFile.open(
                name, folder.resolve(name), direct && layout == Layout.BLOCKS, writes == Writes.SYNCHRONOUS, create);
    }

    @Override
    public void rename(String from, String to) throws IOException {
        Path target = folder.resolve(to);
        Files.move(folder.resolve(from), target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        syncFolderOf(target);
    }

    @Override
    public void delete(String name) throws IOException {
        Files.deleteIfExists(folder.resolve(name));
    }

    @Override
    public long usableBytes() throws IOException {
        return Files.getFileStore(folder).getUsableSpace();
    }

    @Override
    public long totalBytes() throws IOException {
        return Files.getFileStore(folder).getTotalSpace();
    }

    @Override
    public String describe() {
        return folder.toAbsolutePath() + (direct ? ", direct I/O" : ", no direct I/O");
    }

    private static void syncFolderOf(Path file) throws IOException {
        Path parent = file.getParent();
        if (parent == null) {
            return;
        }
        try (FileChannel channel = FileChannel.open(parent, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (FileSystemException refused) {
            // Windows opens no folders; there the entry is durable with the file.
            if (!System.getProperty("os.name", "").startsWith("Windows")) {
                throw refused;
            }
        }
    }
}
