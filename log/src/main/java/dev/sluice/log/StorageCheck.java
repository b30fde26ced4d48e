package dev.sluice.log;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Reads everything in a data folder that no process uses, and changes nothing. By the same rule as a start ({@link RecoveryVerdict}), which
 * however reads segments only when somebody wants what is in them. Needs as much memory as a start. Confined to one thread; blocks.
 */
public final class StorageCheck {
    private final Disk disk;
    private final List<String> damages = new ArrayList<>();
    private final Map<String, byte[]> metadata = new TreeMap<>();
    private final Map<LogId, SegmentChain> chains = new HashMap<>();

    private StorageCheck(Disk disk) {
        this.disk = new ReadOnlyDisk(disk);
    }

    /**
     * Checks the folder.
     *
     * @throws StorageException if a process uses the folder (BUSY), it is no data folder, or the device refuses (UNAVAILABLE)
     */
    public static StorageReport run(Path folder) {
        if (!Files.isRegularFile(folder.resolve(LocalMetadataStore.FILE))) {
            throw new StorageException(
                    StorageException.Kind.UNAVAILABLE,
                    folder.toAbsolutePath() + " is not a data folder: it has no file " + LocalMetadataStore.FILE);
        }
        return run(FileDisk.unchanged(folder));
    }

    /** Checks what is on the disk given, which nobody else uses. */
    public static StorageReport run(Disk disk) {
        try (AutoCloseable _ = disk.lock()) {
            return new StorageCheck(disk).check();
        } catch (IOException failure) {
            throw new StorageException(
                    StorageException.Kind.UNAVAILABLE,
                    "the data folder " + disk.describe() + " cannot be checked: " + failure.getMessage(),
                    failure);
        } catch (RuntimeException failure) {
            throw failure;
        } catch (Exception failure) {
            throw new IllegalStateException("the lock could not be closed", failure);
        }
    }

    /** What is wrong with one segment, a sentence each. */
    static List<String> damagesOf(Disk disk, SegmentRef segment) {
        List<String> found = new ArrayList<>();
        new StorageCheck(disk).checkSegment(segment, found);
        return found;
    }

    private StorageReport check() throws IOException {
        List<StorageReport.Log> logs = new ArrayList<>();
        if (readMetadata()) {
            Map<LogId, DetachedLog> recovered = readJournal();
            for (Map.Entry<LogId, SegmentChain> chain : new TreeMap<>(chains).entrySet()) {
                logs.add(checkLog(chain.getKey(), chain.getValue(), recovered.get(chain.getKey())));
            }
            recovered.values().forEach(DetachedLog::forget);
        }
        return new StorageReport(logs, damages, metadata, damages.isEmpty() ? unnamedFiles() : List.of());
    }

    /** Whether it could be read, so that the rest means something. */
    private boolean readMetadata() throws IOException {
        try (DiskFile file = disk.open(LocalMetadataStore.FILE, Disk.Layout.STREAM, Disk.Writes.FORCED)) {
            ByteBuffer content = ByteBuffer.allocate(Math.toIntExact(file.size()));
            file.read(0, content);
            MetadataFile.read(LocalMetadataStore.FILE, content.flip(), (key, change) -> {
                byte[] value = change.value();
                if (value == null) {
                    metadata.remove(key);
                } else {
                    metadata.put(key, value);
                }
            });
            for (Map.Entry<String, byte[]> entry : metadata.entrySet()) {
                LogId id = SegmentChain.logOf(entry.getKey());
                if (id != null) {
                    chains.put(id, SegmentChain.decode(id, entry.getValue()));
                }
            }
            return true;
        } catch (StorageException damage) {
            damages.add(String.valueOf(damage.getMessage()));
            return false;
        }
    }

    private Map<LogId, DetachedLog> readJournal() throws IOException {
        byte[] stored = metadata.get(JournalState.KEY);
        try {
            if (stored == null) {
                return Map.of();
            }
            return new JournalRecovery(disk, JournalState.Value.decode(stored), chains, free -> {})
                    .recover()
                    .logs();
        } catch (StorageException damage) {
            damages.add(String.valueOf(damage.getMessage()));
            return Map.of();
        }
    }

    private StorageReport.Log checkLog(LogId id, SegmentChain chain, @Nullable DetachedLog recovered) {
        List<String> found = new ArrayList<>();
        long end = Math.max(chain.endOffset(), Math.max(chain.startOffset(), chain.segmentEndOffset()));
        if (recovered != null) {
            end = Math.max(end, recovered.endOffset());
            StorageException damage = recovered.damage();
            if (damage != null) {
                found.add(String.valueOf(damage.getMessage()));
            }
        }
        for (SegmentRef segment : chain.segments()) {
            checkSegment(segment, found);
        }
        return new StorageReport.Log(
                id, chain.startOffset(), end, chain.segments().size(), chain.segmentBytes(), List.copyOf(found));
    }

    private void checkSegment(SegmentRef segment, List<String> found) {
        try {
            List<SegmentChunk> chunks = SegmentReader.readIndex(disk, segment);
            long next = segment.baseOffset();
            for (SegmentChunk chunk : chunks) {
                checkChunk(segment, chunk, next, found);
                next = chunk.lastOffset() + 1;
            }
            if (next != segment.lastOffset() + 1) {
                found.add("the segment file " + segment.fileName() + " ends with offset " + (next - 1)
                        + ", and the metadata says " + segment.lastOffset());
            }
        } catch (IOException failure) {
            found.add("the segment file " + segment.fileName() + " cannot be read: " + failure.getMessage());
        } catch (StorageException damage) {
            found.add(String.valueOf(damage.getMessage()));
        }
    }

    /** Goes on after a damaged chunk: the next one stands for itself. */
    private void checkChunk(SegmentRef segment, SegmentChunk chunk, long least, List<String> found) throws IOException {
        ByteBuf batches;
        try {
            batches = SegmentReader.readChunk(disk, segment, chunk);
        } catch (StorageException damage) {
            found.add(String.valueOf(damage.getMessage()));
            return;
        }
        try {
            String wrong = violation(batches, Math.max(least, chunk.firstOffset()), chunk.lastOffset());
            if (wrong != null) {
                found.add(String.valueOf(SegmentChunk.corrupt(segment.fileName(), chunk.position(), wrong)
                        .getMessage()));
            }
        } finally {
            batches.release();
        }
    }

    private static @Nullable String violation(ByteBuf batches, long firstOffset, long lastOffset) {
        long next = firstOffset;
        int at = 0;
        while (at < batches.writerIndex()) {
            var violation = RecordBatch.violation(batches, at, batches.writerIndex() - at);
            if (violation.isPresent()) {
                return "a batch is not sound (" + violation.get() + ")";
            }
            long base = RecordBatch.baseOffset(batches, at);
            long last = RecordBatch.lastOffset(batches, at);
            if (base < next || last > lastOffset) {
                return "it has offsets " + base + " to " + last + " where " + next + " to " + lastOffset + " belong";
            }
            next = last + 1;
            at += RecordBatch.sizeInBytes(batches, at);
        }
        return null;
    }

    private List<String> unnamedFiles() throws IOException {
        Set<String> named = new HashSet<>();
        chains.values().forEach(chain -> chain.segments().forEach(segment -> named.add(segment.fileName())));
        return disk.list(SegmentRef.FOLDER).stream()
                .map(name -> SegmentRef.FOLDER + '/' + name)
                .filter(name -> !named.contains(name))
                .toList();
    }
}
