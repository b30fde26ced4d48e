package dev.sluice.testkit;

import dev.sluice.log.Disk;
import dev.sluice.log.DiskFile;
import dev.sluice.log.DiskFullException;
import dev.sluice.log.StorageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Confined to the thread of the simulation. A disk in memory that loses whatever {@link Disk} does not promise to keep.
 *
 * <p>A crash leaves this disk as it is and makes another: {@link #image()} is what the machine finds when it comes back. So
 * the storage that crashed can be shut down in good order, as a test for leaks wants, while nothing that it still does
 * counts. The crash comes before, in the middle of, or after one operation:
 *
 * <pre>
 *   operation             before   in the middle                     after
 *   synchronous write     nothing  any of its sectors, some damaged  all of it
 *   write, truncate       unsynced writes lost or kept by sector, in any order
 *   force                 the same                                   all is durable
 *   create                nothing  any length                        all of it
 *   rename                nothing                                    done
 *   delete                nothing                                    done, or not, until the folder is synced
 * </pre>
 */
public final class SimDisk implements Disk {

    private static final String JOURNAL = "journal/";

    /** What ends. */
    public enum Crash {
        /** The process only: what it wrote stays, what was not synced stays not synced. */
        KILL,
        /** The machine. */
        POWER
    }

    private enum When {
        BEFORE,
        DURING,
        AFTER
    }

    /** Bytes written synchronously: where, and how many. */
    public record Written(String name, long position, int length) {}

    private final Seeded random;
    private final SimFaults faults;
    private final TreeMap<String, SimContent> files = new TreeMap<>();
    private final TreeSet<String> folders = new TreeSet<>();
    private final Map<String, SimContent> deleted = new HashMap<>();
    private Runnable pause = () -> {};

    private boolean locked;
    private int openFiles;
    private long operations;
    private long crashAt = Long.MAX_VALUE;
    private Crash crash = Crash.POWER;
    private @Nullable SimDisk image;
    private @Nullable Written lastWritten;
    private int injected;

    public SimDisk(Seeded random) {
        this(random, new SimFaults());
    }

    private SimDisk(Seeded random, SimFaults faults) {
        this.random = random;
        this.faults = faults;
    }

    /** Called around every operation. */
    public void onPause(Runnable newPause) {
        pause = newPause;
    }

    public SimFaults faults() {
        return faults;
    }

    /** How many operations have changed something so far, or tried to. */
    public long operations() {
        return operations;
    }

    /** How many faults have hit so far. */
    public int injected() {
        return injected;
    }

    /** Files that are open. */
    public int openFiles() {
        return openFiles;
    }

    public boolean isLocked() {
        return locked;
    }

    /** The last synchronous write to the journal before the crash, if any since the start. */
    public @Nullable Written lastWritten() {
        return lastWritten;
    }

    /** Crashes at the operation with that number, counted from 0. */
    public void crashAt(long operation, Crash kind) {
        crashAt = operation;
        crash = kind;
    }

    /** Crashes now, between two operations. */
    public void crashNow(Crash kind) {
        crash = kind;
        takeImage();
    }

    /** The disk after the crash; null until then. */
    public @Nullable SimDisk image() {
        return image;
    }

    private void takeImage() {
        if (image != null) {
            return;
        }
        SimDisk left = new SimDisk(random, faults);
        left.folders.addAll(folders);
        files.forEach((name, content) -> left.files.put(name, survivor(content)));
        deleted.forEach((name, content) -> {
            boolean stays = crash == Crash.KILL || random.oneIn(2);
            if (crash == Crash.POWER && stays && !left.files.containsKey(name)) {
                left.files.put(name, content.afterPower(random));
            } else if (crash == Crash.KILL) {
                left.deleted.put(name, content.afterKill());
            }
        });
        image = left;
    }

    private SimContent survivor(SimContent content) {
        return crash == Crash.KILL ? content.afterKill() : content.afterPower(random);
    }

    // ---- damage ----

    /** The names of all files. */
    public List<String> names() {
        return List.copyOf(files.keySet());
    }

    /** The bytes of a file as they are read; not to be changed. */
    public byte[] bytes(String name) {
        return content(name).current();
    }

    /** Changes one bit for good. */
    public void flipBit(String name, int position, int bit) {
        SimContent content = content(name);
        byte changed = (byte) (content.current()[position] ^ (1 << bit));
        content.force();
        content.writeDurably(position, new byte[] {changed});
    }

    private SimContent content(String name) {
        SimContent content = files.get(name);
        if (content == null) {
            throw new IllegalArgumentException("no file " + name);
        }
        return content;
    }

    // ---- Disk ----

    @Override
    public AutoCloseable lock() {
        if (locked) {
            throw new StorageException(StorageException.Kind.BUSY, "the simulated disk is locked");
        }
        locked = true;
        // A new process goes by what it reads.
        files.values().forEach(content -> content.isUnknown = false);
        return () -> locked = false;
    }

    @Override
    public void createFolder(String folder) throws IOException {
        change("create folder " + folder, () -> folders.add(folder));
    }

    @Override
    public List<String> list(String folder) {
        pause.run();
        String prefix = folder.isEmpty() ? "" : folder + "/";
        List<String> names = new ArrayList<>();
        for (String name : files.keySet()) {
            if (name.startsWith(prefix) && name.indexOf('/', prefix.length()) < 0) {
                names.add(name.substring(prefix.length()));
            }
        }
        return names;
    }

    @Override
    public boolean exists(String name) {
        pause.run();
        return files.containsKey(name);
    }

    @Override
    public void create(String name, long bytes) throws IOException {
        require(bytes % BLOCK_BYTES == 0, "a file is created in whole blocks");
        require(folderOf(name).isEmpty() || folders.contains(folderOf(name)), "no folder for " + name);
        pause.run();
        When when = nextOperation();
        if (when == When.BEFORE) {
            takeImage();
        }
        failNow(faults.nameFailsOneIn, "creating of " + name);
        SimContent old = files.remove(name);
        if (bytes > usableBytes()) {
            if (old != null) {
                deleted.put(name, old);
            }
            injected++;
            throw new DiskFullException("no room on the simulated disk for " + name, null);
        }
        if (when == When.DURING) {
            files.put(name, new SimContent(random.below((int) bytes + 1)));
            takeImage();
        }
        files.put(name, new SimContent((int) bytes));
        syncFolderOf(name);
        if (when == When.AFTER) {
            takeImage();
        }
        pause.run();
    }

    @Override
    public DiskFile open(String name, Layout layout, Writes writes) throws IOException {
        pause.run();
        failNow(faults.nameFailsOneIn, "opening of " + name);
        SimContent content = files.get(name);
        if (content == null) {
            throw new IOException("no such file: " + name);
        }
        openFiles++;
        return new OpenFile(name, content, layout, writes);
    }

    @Override
    public void rename(String from, String to) throws IOException {
        change("rename of " + from, () -> {
            files.put(to, content(from));
            files.remove(from);
            syncFolderOf(to);
        });
    }

    @Override
    public void delete(String name) throws IOException {
        if (!files.containsKey(name)) {
            return;
        }
        change("delete of " + name, () -> {
            SimContent content = files.remove(name);
            if (content != null) {
                deleted.put(name, content);
            }
        });
    }

    @Override
    public long usableBytes() {
        long used = 0;
        for (SimContent content : files.values()) {
            used += content.size();
        }
        return Math.max(0, faults.capacityBytes - used);
    }

    @Override
    public long totalBytes() {
        return faults.capacityBytes;
    }

    @Override
    public String describe() {
        return "simulated disk";
    }

    /** A change that is there as a whole or not at all. */
    private void change(String what, Runnable action) throws IOException {
        pause.run();
        When when = nextOperation();
        if (when != null && when != When.AFTER) {
            takeImage();
        }
        failNow(faults.nameFailsOneIn, what);
        action.run();
        if (when == When.AFTER) {
            takeImage();
        }
        pause.run();
    }

    private @Nullable When nextOperation() {
        return operations++ == crashAt && image == null ? random.pick(List.of(When.values())) : null;
    }

    private void failNow(int oneIn, String what) throws IOException {
        if (image == null && random.oneIn(oneIn)) {
            injected++;
            throw new IOException(what + " failed, as the simulation wants");
        }
    }

    private void syncFolderOf(String name) {
        String folder = folderOf(name);
        deleted.keySet().removeIf(gone -> folderOf(gone).equals(folder));
    }

    private static String folderOf(String name) {
        int slash = name.lastIndexOf('/');
        return slash < 0 ? "" : name.substring(0, slash);
    }

    private static void require(boolean condition, String rule) {
        if (!condition) {
            throw new AssertionError("the disk was not used as agreed: " + rule);
        }
    }

    /** Confined to the thread of the simulation. */
    private final class OpenFile implements DiskFile {
        private final String name;
        private final SimContent content;
        private final Layout layout;
        private final Writes writes;
        private boolean closed;

        OpenFile(String name, SimContent content, Layout layout, Writes writes) {
            this.name = name;
            this.content = content;
            this.layout = layout;
            this.writes = writes;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public long size() throws IOException {
            checkOpen();
            return content.size();
        }

        @Override
        public void write(long position, ByteBuffer buffer) throws IOException {
            pause.run();
            checkOpen();
            checkLayout(position, buffer);
            require(!content.isUnknown, "nothing is written to " + name + " after a failure");
            byte[] bytes = new byte[buffer.remaining()];
            buffer.get(bytes);
            When when = nextOperation();
            if (when == When.BEFORE) {
                takeImage();
            }
            long growth = Math.max(0, position + bytes.length - content.size());
            if (growth > usableBytes()) {
                fail(position, bytes);
                throw new DiskFullException("no room on the simulated disk for " + name, null);
            }
            if (image == null && random.oneIn(faults.writeFailsOneIn)) {
                fail(position, bytes);
                throw new IOException("writing of " + name + " failed, as the simulation wants");
            }
            if (when == When.DURING) {
                if (writes == Writes.SYNCHRONOUS && crash == Crash.POWER) {
                    content.tear(position, bytes, random);
                }
                takeImage();
            }
            if (writes == Writes.SYNCHRONOUS) {
                content.writeDurably(position, bytes);
                if (image == null && name.startsWith(JOURNAL)) {
                    lastWritten = new Written(name, position, bytes.length);
                }
            } else {
                content.writeUnsynced(position, bytes);
            }
            if (when == When.AFTER) {
                takeImage();
            }
            pause.run();
        }

        private void fail(long position, byte[] bytes) {
            injected++;
            content.tear(position, bytes, random);
            content.isUnknown = true;
        }

        private void checkLayout(long position, ByteBuffer buffer) {
            require(buffer.isDirect(), "a buffer of blocks is direct");
            if (layout == Layout.BLOCKS) {
                require(position % BLOCK_BYTES == 0, "a position is a multiple of the block size");
                require(buffer.remaining() % BLOCK_BYTES == 0, "a length is a multiple of the block size");
                require(buffer.alignmentOffset(buffer.position(), BLOCK_BYTES) == 0, "a buffer is aligned");
            }
        }

        @Override
        public int read(long position, ByteBuffer target) throws IOException {
            pause.run();
            checkOpen();
            failNow(faults.readFailsOneIn, "reading of " + name);
            int length = (int) Math.max(0, Math.min(target.remaining(), content.size() - position));
            if (length > 0) {
                target.put(content.current(), (int) position, length);
            }
            pause.run();
            return length;
        }

        @Override
        public int readBlocks(long position, ByteBuffer target) throws IOException {
            checkLayout(position, target);
            return read(position, target);
        }

        @Override
        public void force() throws IOException {
            pause.run();
            checkOpen();
            When when = nextOperation();
            if (when != null && when != When.AFTER) {
                takeImage();
            }
            if (image == null && random.oneIn(faults.forceFailsOneIn)) {
                injected++;
                content.failForce(random);
                content.isUnknown = true;
                throw new IOException("syncing of " + name + " failed, as the simulation wants");
            }
            content.force();
            if (when == When.AFTER) {
                takeImage();
            }
            pause.run();
        }

        @Override
        public void truncate(long bytes) throws IOException {
            checkOpen();
            change("truncate of " + name, () -> content.truncate((int) bytes));
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                openFiles--;
            }
        }

        private void checkOpen() throws IOException {
            if (closed) {
                throw new IOException(name + " is closed");
            }
        }
    }
}
