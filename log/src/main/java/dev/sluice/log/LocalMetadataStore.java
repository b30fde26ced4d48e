package dev.sluice.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The metadata of one node in one file that is appended to, a group of changes with one write and one sync, and rewritten
 * when it is more than twice as long as what it holds. The file's space is allocated ahead: so a full disk can be left, which takes
 * changes of the metadata, and a sync has no new length to write down. Thread-safe: changes are handed to the metadata thread, which owns
 * the file; readers see the durable table.
 */
final class LocalMetadataStore implements MetadataStore, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LocalMetadataStore.class);
    static final String FILE = "metadata";
    static final String NEXT_FILE = "metadata.new";
    private static final int SNAPSHOT_GROUP_BYTES = 1 << 20;
    /** So many more bytes are written before a rewrite that found no room is tried again. */
    private static final int RETRY_BYTES = 16 << 10;

    private sealed interface Command {
        @SuppressWarnings("ArrayRecordComponent") // a hand-over: nobody changes it
        record Set(String key, byte @Nullable [] value, long expected, boolean ephemeral, CompletableFuture<Long> done)
                implements Command {}

        record Close(CompletableFuture<Void> done) implements Command {}

        record Snapshot(CompletableFuture<List<List<MetadataFile.Change>>> done) implements Command {}
    }

    private final Disk disk;
    private final Executor thread;
    /** Of the space allocated for a file, what is left when a rewrite becomes due, for a disk on which there is no room for that. */
    private final int reservedBytes;

    private final ConcurrentLinkedQueue<Command> commands = new ConcurrentLinkedQueue<>();
    private final MetadataTable table = new MetadataTable();

    // Owned by the metadata thread, and before the first command by the thread that opens.
    private @Nullable DiskFile file;
    private long salt;
    private long sequence;
    private long fileBytes;
    private long allocatedBytes;
    /** No rewrite is tried before the file has so many bytes. */
    private long rewriteAt;

    private boolean closed;

    private LocalMetadataStore(Disk disk, Executor thread, int leastBytes) {
        this.disk = disk;
        this.thread = thread;
        this.reservedBytes = leastBytes / 2;
    }

    /**
     * Reads the file, or creates it in an empty folder; blocks. Group commits run on the executor given, one at a time.
     *
     * @param leastBytes space that is allocated for the file at least
     */
    static LocalMetadataStore open(Disk disk, Executor thread, int leastBytes) throws IOException {
        LocalMetadataStore store = new LocalMetadataStore(disk, thread, leastBytes);
        try {
            disk.delete(NEXT_FILE);
            if (disk.exists(FILE)) {
                store.recover();
            } else {
                store.rewrite();
            }
            return store;
        } catch (IOException | RuntimeException failure) {
            store.closeFile();
            throw failure;
        }
    }

    /** Closes the file: the storage does not open after all. */
    void abandon() {
        closeFile();
    }

    /** Writes one key at once, on the thread that opens and before any other change; blocks. */
    void putWhileOpening(String key, byte[] value) throws IOException {
        MetadataFile.Change change = new MetadataFile.Change(key, table.nextVersion(), value);
        append(List.of(change));
        table.restore(key, new Versioned(value, change.version()));
    }

    @Override
    public Optional<Versioned> get(String key) {
        return table.get(key);
    }

    @Override
    public CompletableFuture<Long> put(String key, byte[] value, long expectedVersion) {
        return set(key, value, expectedVersion, false);
    }

    @Override
    public CompletableFuture<Long> putEphemeral(String key, byte[] value, long expectedVersion) {
        return set(key, value, expectedVersion, true);
    }

    @Override
    public CompletableFuture<Void> delete(String key, long expectedVersion) {
        return set(key, null, expectedVersion, false).thenAccept(version -> {});
    }

    @Override
    public List<String> children(String prefix) {
        return table.children(prefix);
    }

    @Override
    public Watch watch(String prefix, Watcher watcher) {
        return table.watch(prefix, watcher);
    }

    /** Closes the file after what was handed in so far; blocks. */
    @Override
    public void close() {
        closeLater().join();
    }

    CompletableFuture<Void> closeLater() {
        CompletableFuture<Void> done = new CompletableFuture<>();
        submit(new Command.Close(done));
        return done;
    }

    /** All that is durable, in parts that a file can be written of. */
    CompletableFuture<List<List<MetadataFile.Change>>> snapshot() {
        CompletableFuture<List<List<MetadataFile.Change>>> done = new CompletableFuture<>();
        submit(new Command.Snapshot(done));
        return done;
    }

    private CompletableFuture<Long> set(String key, byte @Nullable [] value, long expected, boolean ephemeral) {
        if (key.getBytes(StandardCharsets.UTF_8).length > MAX_KEY_BYTES) {
            throw new IllegalArgumentException("a metadata key is at most " + MAX_KEY_BYTES + " bytes long: " + key);
        }
        if (value != null && value.length > MAX_VALUE_BYTES) {
            throw new IllegalArgumentException("the metadata value of " + key + " is " + value.length
                    + " bytes long, and at most " + MAX_VALUE_BYTES + " are allowed");
        }
        CompletableFuture<Long> done = new CompletableFuture<>();
        submit(new Command.Set(key, value, expected, ephemeral, done));
        return done;
    }

    private void submit(Command command) {
        commands.add(command);
        thread.execute(this::runCommands);
    }

    /** Makes everything that waits durable with one write. */
    private void runCommands() {
        Group group = new Group();
        for (Command command = commands.poll(); command != null; command = commands.poll()) {
            switch (command) {
                case Command.Set set -> group.add(set);
                case Command.Snapshot snapshot -> {
                    commit(group);
                    group = new Group();
                    snapshot.done.complete(table.snapshot(SNAPSHOT_GROUP_BYTES));
                }
                case Command.Close close -> {
                    commit(group);
                    group = new Group();
                    markEnd();
                    closeFile();
                    closed = true;
                    close.done.complete(null);
                }
            }
            if (group.bytes > SNAPSHOT_GROUP_BYTES) {
                commit(group);
                group = new Group();
            }
        }
        commit(group);
    }

    /** The changes of one write, checked against the table as it will be when they are in. */
    private final class Group {
        private record Accepted(Command.Set command, long version) {}

        private final List<Accepted> accepted = new ArrayList<>();
        private final Map<String, Long> versions = new HashMap<>();
        private final List<MetadataFile.Change> changes = new ArrayList<>();
        private long nextVersion = table.nextVersion();
        private int bytes;

        void add(Command.Set set) {
            Long pending = versions.get(set.key);
            long now = pending != null
                    ? pending
                    : table.get(set.key).map(Versioned::version).orElse(ABSENT);
            if (closed) {
                set.done.completeExceptionally(
                        new StorageException(StorageException.Kind.CLOSED, "the metadata store is closed"));
            } else if (set.expected != ANY && set.expected != now) {
                set.done.completeExceptionally(new StorageException(
                        StorageException.Kind.CONFLICT,
                        "metadata key " + set.key + " has version " + now + ", expected was " + set.expected));
            } else {
                long version = nextVersion++;
                accepted.add(new Accepted(set, version));
                versions.put(set.key, set.value == null ? ABSENT : version);
                if (!set.ephemeral) {
                    MetadataFile.Change change = new MetadataFile.Change(set.key, version, set.value);
                    changes.add(change);
                    bytes += change.sizeInBytes();
                }
            }
        }
    }

    private void commit(Group group) {
        if (group.accepted.isEmpty()) {
            return;
        }
        try {
            if (!group.changes.isEmpty()) {
                append(group.changes);
            }
        } catch (IOException failure) {
            LOG.warn("The metadata file could not be written: {}", failure.toString());
            closeFile(); // its end is unknown now: the next change begins a fresh one
            StorageException cause = new StorageException(
                    StorageException.Kind.UNAVAILABLE,
                    "metadata could not be written: " + failure.getMessage(),
                    failure);
            group.accepted.forEach(one -> one.command.done.completeExceptionally(cause));
            return;
        }
        for (Group.Accepted one : group.accepted) {
            Command.Set set = one.command;
            table.noteVersion(one.version);
            if (set.ephemeral) {
                table.markEphemeral(set.key);
            }
            byte[] value = set.value;
            table.apply(set.key, value == null ? null : new Versioned(value, one.version));
            set.done.complete(one.version);
        }
    }

    private void append(List<MetadataFile.Change> changes) throws IOException {
        int bytes = MetadataFile.groupBytes(changes);
        if (file == null) {
            rewrite();
        } else if (fileBytes > Math.max(rewriteAt, rewriteBytes()) || fileBytes + bytes > allocatedBytes) {
            rewriteIfRoom(bytes);
        }
        DiskFile target = file;
        if (target == null) {
            throw new IOException("no metadata file is open");
        }
        target.write(fileBytes, MetadataFile.group(salt, sequence + 1, changes));
        target.force();
        fileBytes += bytes;
        sequence++;
    }

    /** The length at which the file is written anew. */
    private long rewriteBytes() {
        return Math.max(reservedBytes, 2 * table.liveBytes());
    }

    private void rewriteIfRoom(int neededBytes) throws IOException {
        try {
            rewrite();
        } catch (DiskFullException failure) {
            if (fileBytes + neededBytes > allocatedBytes) {
                throw failure;
            }
            rewriteAt = fileBytes + RETRY_BYTES;
        }
    }

    /** One more group, of nothing: so damage of the last change is told from an unfinished write, which would be this. */
    private void markEnd() {
        if (file == null) {
            return;
        }
        try {
            append(List.of());
        } catch (IOException failure) {
            LOG.warn("The end of the metadata file could not be marked: {}", failure.toString());
        }
    }

    /** Writes all that is live to a new file and puts it in the place of the old one; the old one serves until then. */
    private void rewrite() throws IOException {
        long newSalt = MetadataFile.newSalt();
        List<List<MetadataFile.Change>> snapshot = table.snapshot(SNAPSHOT_GROUP_BYTES);
        long snapshotBytes = MetadataFile.HEADER_BYTES;
        for (List<MetadataFile.Change> part : snapshot) {
            snapshotBytes += MetadataFile.groupBytes(part);
        }
        long allocated =
                (Math.max(snapshotBytes, rewriteBytes()) + reservedBytes + Disk.BLOCK_BYTES - 1) & -Disk.BLOCK_BYTES;
        long position = MetadataFile.write(disk, NEXT_FILE, newSalt, snapshot, allocated);
        closeFile();
        disk.rename(NEXT_FILE, FILE);
        file = disk.open(FILE, Disk.Layout.STREAM, Disk.Writes.FORCED);
        salt = newSalt;
        sequence = snapshot.size();
        fileBytes = position;
        allocatedBytes = allocated;
        rewriteAt = 0;
    }

    /**
     * Reads the file, and puts a fresh one in its place. What was read may be in the page cache only: the process before may
     * have been killed ahead of its sync, or the sync may have failed, and then no later one of the same file would help.
     * Once it was read it must not vanish any more.
     */
    private void recover() throws IOException {
        try (DiskFile found = disk.open(FILE, Disk.Layout.STREAM, Disk.Writes.FORCED)) {
            ByteBuffer content = ByteBuffer.allocateDirect(Math.toIntExact(found.size()));
            found.read(0, content);
            MetadataFile.Scan scan = MetadataFile.read(FILE, content.flip(), (key, change) -> {
                table.noteVersion(change.version());
                byte[] value = change.value();
                table.restore(key, value == null ? null : new Versioned(value, change.version()));
            });
            if (!isZero(content, scan.endPosition())) {
                LOG.info("Cut off an unfinished write at {} of the metadata file", scan.endPosition());
            }
            try {
                rewrite();
            } catch (DiskFullException failure) {
                goOnIn(found, content, scan);
            }
        }
    }

    /** There is no room for a fresh file: what was read is written once more to its own place, and so becomes durable. */
    private void goOnIn(DiskFile found, ByteBuffer content, MetadataFile.Scan scan) throws IOException {
        LOG.warn("The disk is full; going on in the metadata file as it is");
        found.write(0, content.duplicate().position(0).limit(scan.endPosition()));
        found.force();
        file = disk.open(FILE, Disk.Layout.STREAM, Disk.Writes.FORCED);
        salt = scan.salt();
        sequence = scan.lastSequence();
        fileBytes = scan.endPosition();
        allocatedBytes = found.size();
        rewriteAt = fileBytes + RETRY_BYTES;
    }

    private static boolean isZero(ByteBuffer content, int from) {
        for (int at = from; at < content.limit(); at++) {
            if (content.get(at) != 0) {
                return false;
            }
        }
        return true;
    }

    private void closeFile() {
        DiskFile old = file;
        file = null;
        if (old != null) {
            try {
                old.close();
            } catch (IOException failure) {
                LOG.warn("Closing the metadata file failed: {}", failure.toString());
            }
        }
    }
}
