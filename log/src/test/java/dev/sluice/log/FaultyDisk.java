package dev.sluice.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** A real disk that a test can make full, make fail and listen to. Thread-safe. */
final class FaultyDisk implements Disk {
    private final Disk disk;
    private final Map<String, AtomicInteger> forceFailures = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> writeFailures = new ConcurrentHashMap<>();
    private final List<String> created = new ArrayList<>();
    private final AtomicLong cachedBytes = new AtomicLong();
    private final AtomicLong directBytes = new AtomicLong();
    private volatile boolean dead; // set by the test, read by the storage's threads
    private volatile boolean unreadable; // set by the test, read by the storage's threads
    private volatile boolean full; // set by the test, read by the storage's threads

    FaultyDisk(Disk disk) {
        this.disk = disk;
    }

    /** Bytes that were read through the page cache and past it. */
    record Reads(long cached, long direct) {
        long all() {
            return cached + direct;
        }
    }

    Reads reads() {
        return new Reads(cachedBytes.get(), directBytes.get());
    }

    /** From now on nothing reaches the device: every change fails. */
    void setDead() {
        dead = true;
    }

    private void refuseIfDead() throws IOException {
        if (dead) {
            throw new IOException("the device is gone");
        }
    }

    /** From now on nothing can be created and no file can grow. */
    void setFull(boolean isFull) {
        full = isFull;
    }

    /** From now on no file can be read. */
    void setUnreadable(boolean isUnreadable) {
        unreadable = isUnreadable;
    }

    private void refuseIfUnreadable(String name) throws IOException {
        if (unreadable) {
            throw new IOException("reading of " + name + " failed, as the test wants");
        }
    }

    /** The next syncs of files whose name begins so fail. */
    void failForces(String prefix, int times) {
        forceFailures.put(prefix, new AtomicInteger(times));
    }

    /** The next writes of files whose name begins so fail. */
    void failWrites(String prefix, int times) {
        writeFailures.put(prefix, new AtomicInteger(times));
    }

    synchronized List<String> created() {
        return new ArrayList<>(created);
    }

    private static void maybeFail(Map<String, AtomicInteger> failures, String name, String what) throws IOException {
        for (Map.Entry<String, AtomicInteger> entry : failures.entrySet()) {
            if (name.startsWith(entry.getKey()) && entry.getValue().getAndDecrement() > 0) {
                throw new IOException(what + " of " + name + " failed, as the test wants");
            }
        }
    }

    private void refuseIfFull(String name) throws DiskFullException {
        if (full) {
            throw new DiskFullException("no room on the device for " + name, null);
        }
    }

    @Override
    public AutoCloseable lock() throws IOException {
        return disk.lock();
    }

    @Override
    public void createFolder(String folder) throws IOException {
        disk.createFolder(folder);
    }

    @Override
    public List<String> list(String folder) throws IOException {
        return disk.list(folder);
    }

    @Override
    public boolean exists(String name) throws IOException {
        return disk.exists(name);
    }

    @Override
    public void create(String name, long bytes) throws IOException {
        refuseIfDead();
        refuseIfFull(name);
        synchronized (this) {
            created.add(name);
        }
        disk.create(name, bytes);
    }

    @Override
    public DiskFile open(String name, Layout layout, Writes writes) throws IOException {
        return new FaultyFile(disk.open(name, layout, writes));
    }

    @Override
    public void rename(String from, String to) throws IOException {
        refuseIfDead();
        disk.rename(from, to);
    }

    @Override
    public void delete(String name) throws IOException {
        refuseIfDead();
        disk.delete(name);
    }

    @Override
    public long usableBytes() throws IOException {
        return full ? 0 : disk.usableBytes();
    }

    @Override
    public long totalBytes() throws IOException {
        return disk.totalBytes();
    }

    @Override
    public String describe() {
        return disk.describe();
    }

    private final class FaultyFile implements DiskFile {
        private final DiskFile file;

        FaultyFile(DiskFile file) {
            this.file = file;
        }

        @Override
        public String name() {
            return file.name();
        }

        @Override
        public long size() throws IOException {
            return file.size();
        }

        @Override
        public void write(long position, ByteBuffer bytes) throws IOException {
            refuseIfDead();
            if (position + bytes.remaining() > file.size()) {
                refuseIfFull(file.name());
            }
            maybeFail(writeFailures, file.name(), "writing");
            file.write(position, bytes);
        }

        @Override
        public int read(long position, ByteBuffer target) throws IOException {
            refuseIfUnreadable(file.name());
            int bytes = file.read(position, target);
            cachedBytes.addAndGet(bytes);
            return bytes;
        }

        @Override
        public int readBlocks(long position, ByteBuffer target) throws IOException {
            refuseIfUnreadable(file.name());
            int bytes = file.readBlocks(position, target);
            directBytes.addAndGet(bytes);
            return bytes;
        }

        @Override
        public void force() throws IOException {
            maybeFail(forceFailures, file.name(), "syncing");
            file.force();
        }

        @Override
        public void truncate(long bytes) throws IOException {
            refuseIfDead();
            file.truncate(bytes);
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
