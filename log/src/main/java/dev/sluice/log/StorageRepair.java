package dev.sluice.log;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Makes a damaged data folder that no process uses one that a broker starts on, with everything in it that is sound. Confined to one
 * thread; blocks; needs as much memory as a start.
 *
 * <p>First whatever is damaged is copied to a folder of its own. Then new segments are written beside the old ones. Last the metadata is
 * put in place by one rename, and only that makes a difference: a crash before leaves the folder as damaged as it was.
 */
public final class StorageRepair {
    private static final String COPIES = "repaired-";
    private static final String REPORT = "/report";
    /** Segments get the number of the start in their upper half: see {@link StorageOpening}. */
    private static final int START_SHIFT = 32;

    private final Disk disk;
    private final StorageConfig config = StorageConfig.defaults();
    private final List<String> findings = new ArrayList<>();
    private final TreeMap<String, MetadataFile.Change> metadata = new TreeMap<>();
    private final TreeMap<LogId, SegmentChain> chains = new TreeMap<>();
    private final Set<String> cutFiles = new HashSet<>();
    private long lastVersion;
    private long lastSegment;

    /**
     * What was done.
     *
     * @param findings a sentence each for people; none if nothing was damaged, and then nothing was changed
     * @param copies folder inside the data folder with the original of everything that was cut, null if nothing was changed
     */
    public record Result(List<String> findings, @Nullable String copies) {}

    private StorageRepair(Disk disk) {
        this.disk = disk;
    }

    /**
     * Repairs the folder.
     *
     * @throws StorageException if a process uses the folder (BUSY), the device refuses (UNAVAILABLE), or too little is sound to say what
     *     belongs to what (CORRUPT); the folder is then as it was, perhaps with copies in it
     */
    public static Result run(Path folder) {
        try {
            return run(FileDisk.open(folder));
        } catch (IOException failure) {
            throw cannot(folder.toString(), failure);
        }
    }

    /** Repairs what is on the disk given, which nobody else uses. */
    public static Result run(Disk disk) {
        try (AutoCloseable _ = disk.lock()) {
            return new StorageRepair(disk).repair();
        } catch (IOException failure) {
            throw cannot(disk.describe(), failure);
        } catch (RuntimeException failure) {
            throw failure;
        } catch (Exception failure) {
            throw new IllegalStateException("the lock could not be closed", failure);
        }
    }

    private static StorageException cannot(String where, IOException failure) {
        return new StorageException(
                StorageException.Kind.UNAVAILABLE,
                "the data folder " + where + " cannot be repaired: " + failure.getMessage(),
                failure);
    }

    private Result repair() throws IOException {
        readMetadata();
        boolean isMetadataDamaged = !findings.isEmpty();
        JournalState.Value before = journalState();
        Map<LogId, DetachedLog> journal = Map.of();
        long highestSequence = 0;
        boolean isJournalDamaged = isJournalDamaged(before);
        if (isJournalDamaged) {
            JournalRecovery.Result found = recovery(before).salvage(findings);
            journal = found.logs();
            highestSequence = found.highestSequence();
        }
        try {
            List<SegmentRef> damaged = damagedSegments();
            if (findings.isEmpty()) {
                return new Result(List.of(), null);
            }
            String copies = copy(isMetadataDamaged, isJournalDamaged, damaged);
            long starts = Math.max(before.starts(), lastSegment >>> START_SHIFT) + 1;
            lastSegment = starts << START_SHIFT;
            mendSegments(damaged);
            if (isJournalDamaged) {
                moveToSegments(journal);
                putState(new JournalState.Value(before.salt(), starts, highestSequence, highestSequence));
            } else {
                putState(new JournalState.Value(before.salt(), starts, before.beginAfter(), before.cleanSequence()));
            }
            writeReport(copies);
            writeMetadata();
            for (String file : cutFiles) {
                disk.delete(file);
            }
            return new Result(List.copyOf(findings), copies);
        } finally {
            journal.values().forEach(DetachedLog::forget);
        }
    }

    // ---- what there is ----

    private void readMetadata() throws IOException {
        try (DiskFile file = disk.open(LocalMetadataStore.FILE, Disk.Layout.STREAM, Disk.Writes.FORCED)) {
            ByteBuffer content = ByteBuffer.allocate(Math.toIntExact(file.size()));
            file.read(0, content);
            MetadataFile.salvage(LocalMetadataStore.FILE, content.flip(), this::take, findings);
        }
        for (MetadataFile.Change change : List.copyOf(metadata.values())) {
            LogId id = SegmentChain.logOf(change.key());
            byte[] value = change.value();
            if (id != null && value != null) {
                SegmentChain chain = SegmentChain.decode(id, value);
                chains.put(id, chain);
                chain.segments().forEach(segment -> lastSegment = Math.max(lastSegment, segment.id()));
            }
        }
    }

    private void take(String key, MetadataFile.Change change) {
        lastVersion = Math.max(lastVersion, change.version());
        if (change.value() == null) {
            metadata.remove(key);
        } else {
            metadata.put(key, change);
        }
    }

    private JournalState.Value journalState() {
        MetadataFile.Change stored = metadata.get(JournalState.KEY);
        byte[] value = stored == null ? null : stored.value();
        if (value == null) {
            findings.add("the metadata does not say how the journal is to be read: what is in it is lost");
            return new JournalState.Value(MetadataFile.newSalt(), 0, 0, -1);
        }
        return JournalState.Value.decode(value);
    }

    private JournalRecovery recovery(JournalState.Value state) {
        return new JournalRecovery(new ReadOnlyDisk(disk), state, chains, free -> {});
    }

    private boolean isJournalDamaged(JournalState.Value state) throws IOException {
        try {
            Map<LogId, DetachedLog> logs = recovery(state).recover().logs();
            boolean isDamaged = logs.values().stream().anyMatch(log -> log.damage() != null);
            logs.values().forEach(DetachedLog::forget);
            return isDamaged;
        } catch (StorageException damage) {
            return true;
        }
    }

    private List<SegmentRef> damagedSegments() {
        List<SegmentRef> damaged = new ArrayList<>();
        for (SegmentChain chain : chains.values()) {
            for (SegmentRef segment : chain.segments()) {
                List<String> found = StorageCheck.damagesOf(disk, segment);
                if (!found.isEmpty()) {
                    damaged.add(segment);
                    findings.addAll(found);
                }
            }
        }
        return damaged;
    }

    // ---- copies ----

    /** Returns the folder. When the metadata is damaged nobody knows what is of use: then everything is copied. */
    private String copy(boolean withEverything, boolean withJournal, List<SegmentRef> damaged) throws IOException {
        int number = 1;
        while (disk.exists(COPIES + number + REPORT)) {
            number++;
        }
        String folder = COPIES + number;
        disk.createFolder(folder);
        disk.createFolder(folder + '/' + JournalSpace.FOLDER);
        disk.createFolder(folder + '/' + SegmentRef.FOLDER);
        copyFile(LocalMetadataStore.FILE, folder);
        if (withEverything || withJournal) {
            for (String name : disk.list(JournalSpace.FOLDER)) {
                copyFile(JournalSpace.FOLDER + '/' + name, folder);
            }
        }
        if (withEverything) {
            for (String name : disk.list(SegmentRef.FOLDER)) {
                copyFile(SegmentRef.FOLDER + '/' + name, folder);
            }
        } else {
            for (SegmentRef segment : damaged) {
                if (disk.exists(segment.fileName())) {
                    copyFile(segment.fileName(), folder);
                }
            }
        }
        return folder;
    }

    private void writeReport(String folder) throws IOException {
        disk.create(folder + REPORT, 0);
        try (DiskFile report = disk.open(folder + REPORT, Disk.Layout.STREAM, Disk.Writes.FORCED)) {
            byte[] text = (String.join("\n", findings) + '\n').getBytes(StandardCharsets.UTF_8);
            report.write(0, ByteBuffer.allocateDirect(text.length).put(text).flip());
            report.force();
        }
    }

    private void copyFile(String name, String folder) throws IOException {
        long bytes;
        try (DiskFile file = disk.open(name, Disk.Layout.STREAM, Disk.Writes.FORCED)) {
            bytes = file.size();
        }
        new FileCopy(disk, disk).copy(name, bytes, folder + '/' + name);
    }

    // ---- mending ----

    private void mendSegments(List<SegmentRef> damaged) throws IOException {
        for (Map.Entry<LogId, SegmentChain> entry : chains.entrySet()) {
            SegmentChain chain = entry.getValue();
            for (SegmentRef segment : chain.segments()) {
                if (damaged.contains(segment)) {
                    entry.setValue(mended(entry.getKey(), entry.getValue(), segment));
                }
            }
        }
    }

    private SegmentChain mended(LogId id, SegmentChain chain, SegmentRef segment) throws IOException {
        try (SegmentSalvage salvage = new SegmentSalvage(disk, segment)) {
            salvage.read();
            for (String gap : salvage.gaps()) {
                findings.add("log " + id + ": of the records " + gap + ", those that were still stored are lost");
            }
            cutFiles.add(segment.fileName());
            SegmentRef replacement = write(salvage.batches());
            SegmentChain next = chain.withBounds(chain.startOffset(), segment.lastOffset() + 1);
            return next.withReplaced(List.of(segment), replacement == null ? List.of() : List.of(replacement));
        }
    }

    private void moveToSegments(Map<LogId, DetachedLog> journal) throws IOException {
        for (Map.Entry<LogId, DetachedLog> entry : journal.entrySet()) {
            LogId id = entry.getKey();
            SegmentChain chain = chains.getOrDefault(id, SegmentChain.EMPTY);
            List<ByteBuf> batches = new ArrayList<>();
            long next = Math.max(chain.startOffset(), chain.segmentEndOffset());
            for (DetachedLog.Held held : entry.getValue().entries()) {
                if (held.baseOffset() >= chain.segmentEndOffset() && held.lastOffset() >= next) {
                    batches.add(held.batch());
                    next = held.lastOffset() + 1;
                }
            }
            SegmentRef segment = write(batches);
            SegmentChain moved = segment == null ? chain : chain.withLast(segment);
            chains.put(
                    id, moved.withBounds(chain.startOffset(), entry.getValue().endOffset()));
        }
    }

    /** A new segment of these batches, durable; null if there are none. */
    private @Nullable SegmentRef write(List<ByteBuf> batches) throws IOException {
        if (batches.isEmpty()) {
            return null;
        }
        long id = ++lastSegment;
        List<Movable> movables = new ArrayList<>();
        int largest = 0;
        for (ByteBuf batch : batches) {
            int at = batch.readerIndex();
            movables.add(new Movable(RecordBatch.baseOffset(batch, at), RecordBatch.lastOffset(batch, at), batch));
            largest = Math.max(largest, batch.readableBytes());
        }
        return new SegmentMove(movables, null, id, largest).execute(disk, config);
    }

    private void putState(JournalState.Value state) {
        put(JournalState.KEY, state.encode());
        chains.forEach((id, chain) -> put(SegmentChain.key(id), chain.encode()));
    }

    private void put(String key, byte[] value) {
        metadata.put(key, new MetadataFile.Change(key, ++lastVersion, value));
    }

    private void writeMetadata() throws IOException {
        List<List<MetadataFile.Change>> groups = new ArrayList<>();
        for (MetadataFile.Change change : metadata.values()) {
            groups.add(List.of(change));
        }
        groups.add(List.of()); // the mark of a clean end
        MetadataFile.write(disk, LocalMetadataStore.NEXT_FILE, MetadataFile.newSalt(), groups, 0);
        disk.rename(LocalMetadataStore.NEXT_FILE, LocalMetadataStore.FILE);
    }
}
