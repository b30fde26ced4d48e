package dev.sluice.log;

import java.io.IOException;
import java.util.List;

/**
 * Shows a disk as it is and changes nothing but the lock. What recovery would delete stays; it asks for no other change. Thread-safe
 * as the disk behind it.
 */
final class ReadOnlyDisk implements Disk {
    private final Disk disk;

    ReadOnlyDisk(Disk disk) {
        this.disk = disk;
    }

    @Override
    public AutoCloseable lock() throws IOException {
        return disk.lock();
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
    public DiskFile open(String name, Layout layout, Writes writes) throws IOException {
        return disk.open(name, layout, writes);
    }

    @Override
    public void delete(String name) {
        // It stays for whoever looks into it.
    }

    @Override
    public void createFolder(String folder) {
        throw changes();
    }

    @Override
    public void create(String name, long bytes) {
        throw changes();
    }

    @Override
    public void rename(String from, String to) {
        throw changes();
    }

    private static IllegalStateException changes() {
        return new IllegalStateException("a check changes nothing");
    }

    @Override
    public long usableBytes() throws IOException {
        return disk.usableBytes();
    }

    @Override
    public long totalBytes() throws IOException {
        return disk.totalBytes();
    }

    @Override
    public String describe() {
        return disk.describe();
    }
}
