package dev.sluice.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A file of a {@link FileDisk}. Thread-safe as far as {@link DiskFile} asks for it. */
final class FileDiskFile implements DiskFile {
    private final String name;
    private final Path path;
    private final FileChannel channel;
    private final boolean direct;

    /** Direct I/O reads whole blocks only, so reads go through the page cache, on a channel of their own. */
    private @Nullable FileChannel reader;

    private FileDiskFile(String name, Path path, FileChannel channel, boolean direct) {
        this.name = name;
        this.path = path;
        this.channel = channel;
        this.direct = direct;
    }

    static FileDiskFile open(String name, Path path, boolean direct, boolean synchronous, boolean create)
            throws IOException {
        Set<OpenOption> options = new HashSet<>();
        options.add(StandardOpenOption.WRITE);
        if (create) {
            options.add(StandardOpenOption.CREATE);
        }
        options.add(StandardOpenOption.READ);
        OpenOption directOption = direct ? DirectIo.option() : null;
        if (directOption != null) {
            options.add(directOption);
        }
        if (synchronous) {
            options.add(StandardOpenOption.DSYNC);
        }
        try {
            return new FileDiskFile(name, path, FileChannel.open(path, options), direct);
        } catch (IOException failure) {
            throw explain(failure, name);
        }
    }

    static FileDiskFile openToRead(String name, Path path) throws IOException {
        return new FileDiskFile(name, path, FileChannel.open(path, StandardOpenOption.READ), false);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long size() throws IOException {
        return channel.size();
    }

    @Override
    public void write(long position, ByteBuffer bytes) throws IOException {
        try {
            long at = position;
            while (bytes.hasRemaining()) {
                at += channel.write(bytes, at);
            }
        } catch (IOException failure) {
            throw explain(failure, name);
        }
    }

    @Override
    public int read(long position, ByteBuffer target) throws IOException {
        FileChannel from = direct ? reader() : channel;
        int total = 0;
        while (target.hasRemaining()) {
            int count = from.read(target, position + total);
            if (count < 0) {
                break;
            }
            total += count;
        }
        return total;
    }

    @Override
    public int readBlocks(long position, ByteBuffer target) throws IOException {
        int total = 0;
        while (target.hasRemaining()) {
            int count = channel.read(target, position + total);
            if (count < 0) {
                break;
            }
            total += count;
            if (count % Disk.BLOCK_BYTES != 0) {
                break; // the file ends within a block
            }
        }
        return total;
    }

    @Override
    public void force() throws IOException {
        try {
            channel.force(false);
        } catch (IOException failure) {
            throw explain(failure, name);
        }
    }

    @Override
    public void truncate(long bytes) throws IOException {
        channel.truncate(bytes);
    }

    @Override
    public synchronized void close() throws IOException {
        try {
            if (reader != null) {
                reader.close();
            }
        } finally {
            channel.close();
        }
    }

    private synchronized FileChannel reader() throws IOException {
        FileChannel open = reader;
        if (open == null) {
            open = FileChannel.open(path, StandardOpenOption.READ);
            reader = open;
        }
        return open;
    }

    private static IOException explain(IOException failure, String name) {
        return isDiskFull(failure) ? new DiskFullException("no room on the device for " + name, failure) : failure;
    }

    /** Java has no type for it, only the system's words. */
    static boolean isDiskFull(IOException failure) {
        String text = String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT);
        return text.contains("no space left") || text.contains("quota exceeded") || text.contains("not enough space");
    }
}
