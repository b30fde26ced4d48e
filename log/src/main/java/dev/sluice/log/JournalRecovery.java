package dev.sluice.log;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the journal when the storage opens and decides, by {@link RecoveryVerdict}, what of it counts. Confined to the
 * thread that opens. Changes nothing on disk but for deleting files that hold nothing.
 *
 * <p>Each frame names the one that was durable before it. The chain from the newest frame back to the beginning of the
 * journal is what was durable; frames beside it were never confirmed. A link that is missing is damage.
 */
final class JournalRecovery {
    private static final Logger LOG = LoggerFactory.getLogger(JournalRecovery.class);
    private static final String HELP = "; 'sluice check' lists all that is damaged, and a backup brings it back";

    /**
     * What recovery found.
     *
     * @param files that hold something, in the order of their frames
     * @param empty files that hold nothing that was ever needed after the last beginning of the journal
     * @param highestSequence no frame has a higher one, sound or not
     * @param lastSequence of the newest frame that counts
     */
    record Result(
            List<JournalFile> files,
            List<JournalFile> empty,
            long highestSequence,
            long lastSequence,
            long unusedFileName,
            Map<LogId, DetachedLog> logs) {}

    /** A batch that is not what was written; no harm if the journal has another copy of it. */
    private record Damage(DetachedLog log, long baseOffset, StorageException cause, JournalFile file) {}

    private final Disk disk;
    private final JournalState.Value state;
    private final Consumer<JournalFile> onFree;
    private final Map<LogId, SegmentChain> chains;
    private final List<JournalScan> scans = new ArrayList<>();
    private final Map<JournalFile, DiskFile> open = new LinkedHashMap<>();
    private final Map<LogId, DetachedLog> logs = new HashMap<>();
    private final List<Damage> damages = new ArrayList<>();
    private long highestSequence;
    private ByteBuf payload = Unpooled.EMPTY_BUFFER;
    /** Where damage is noted instead of being refused. */
    private @Nullable List<String> tolerated;

    private long unusedFileName;

    JournalRecovery(
            Disk disk, JournalState.Value state, Map<LogId, SegmentChain> chains, Consumer<JournalFile> onFree) {
        this.disk = disk;
        this.state = state;
        this.chains = chains;
        this.onFree = onFree;
        this.highestSequence = Math.max(state.beginAfter(), state.cleanSequence());
    }

    /**
     * Takes up all that is sound, wherever damage is; for a repair.
     *
     * @param found one sentence is added for each damage
     */
    Result salvage(List<String> found) throws IOException {
        tolerated = found;
        return recover();
    }

    /** @throws StorageException of kind CORRUPT if the folder must not be opened */
    Result recover() throws IOException {
        try {
            readHeads();
            long last = loadChain(findChain());
            for (Damage damage : damages) {
                if (damage.log.has(damage.baseOffset)) {
                    continue;
                }
                if (tolerated == null) {
                    damage.log.damaged(damage.cause, damage.file);
                } else {
                    tolerated.add(String.valueOf(damage.cause.getMessage()));
                }
            }
            return new Result(filesInOrder(), emptyFiles(), highestSequence, last, unusedFileName, logs);
        } catch (IOException | RuntimeException failure) {
            logs.values().forEach(DetachedLog::forget);
            throw failure;
        } finally {
            payload.release();
            for (DiskFile file : open.values()) {
                file.close();
            }
        }
    }

    private void readHeads() throws IOException {
        for (String name : disk.list(JournalSpace.FOLDER)) {
            unusedFileName = Math.max(unusedFileName, Long.parseLong(name) + 1);
            String path = JournalSpace.FOLDER + '/' + name;
            DiskFile content = disk.open(path, Disk.Layout.BLOCKS, Disk.Writes.SYNCHRONOUS);
            JournalFile file = new JournalFile(path, content.size(), onFree);
            open.put(file, content);
            JournalScan scan = new JournalScan(content, file, state.salt());
            scan.readRun();
            scans.add(scan);
        }
        scans.sort(Comparator.comparingLong(JournalScan::lastSequence));
        for (int i = 0; i < scans.size(); i++) {
            // Newer frames behind a damaged one matter in the last file, and in one that is damaged at its beginning.
            // Anywhere else they are missing links of the chain.
            if (i == scans.size() - 1 || scans.get(i).frames().isEmpty() || tolerated != null) {
                scans.get(i).searchRest();
            }
            highestSequence = Math.max(highestSequence, scans.get(i).lastSequence());
        }
    }

    /** The frames that were durable, oldest first; the last of them may turn out to be unfinished. */
    private Deque<JournalScan.Frame> findChain() {
        TreeMap<Long, JournalScan.Frame> frames = new TreeMap<>();
        for (JournalScan scan : scans) {
            for (JournalScan.Frame frame : scan.frames()) {
                frames.put(frame.sequence(), frame);
            }
        }
        Deque<JournalScan.Frame> chain = new ArrayDeque<>();
        long wanted = Math.max(frames.isEmpty() ? 0 : frames.lastKey(), state.cleanSequence());
        while (wanted > state.beginAfter()) {
            JournalScan.Frame frame = frames.get(wanted);
            if (frame == null) {
                StorageException missing = refuse(wanted, chain.peekFirst());
                Map.Entry<Long, JournalScan.Frame> older = frames.lowerEntry(wanted);
                if (tolerated == null) {
                    throw missing;
                }
                tolerated.add(String.valueOf(missing.getMessage()));
                if (older == null || older.getKey() <= state.beginAfter()) {
                    break;
                }
                frame = older.getValue();
            }
            chain.addFirst(frame);
            wanted = frame.follows();
        }
        return chain;
    }

    private StorageException refuse(long missing, JournalScan.@Nullable Frame later) {
        StringBuilder where = new StringBuilder();
        for (JournalScan scan : scans) {
            boolean mayHoldIt = scan.frames().isEmpty()
                    || (scan.frames().getFirst().sequence() < missing && scan.lastSequence() + 1 >= missing)
                    || (later != null && later.file() == scan.file());
            if (mayHoldIt) {
                long position =
                        later != null && later.file() == scan.file() ? endBefore(scan, missing) : scan.endPosition();
                where.append(where.isEmpty() ? " " : " or ")
                        .append(scan.file().name)
                        .append(" at ")
                        .append(position);
            }
        }
        return new StorageException(
                StorageException.Kind.CORRUPT,
                "the journal is damaged: frame " + missing + ", which was durable, is missing or has a damaged head ("
                        + (where.isEmpty() ? "its file is gone" : where.substring(1))
                        + "); nothing was changed" + HELP);
    }

    private static long endBefore(JournalScan scan, long sequence) {
        long end = 0;
        for (JournalScan.Frame frame : scan.frames()) {
            if (frame.sequence() < sequence) {
                end = frame.endPosition();
            }
        }
        return end;
    }

    private long loadChain(Deque<JournalScan.Frame> chain) throws IOException {
        long last = state.beginAfter();
        while (!chain.isEmpty()) {
            JournalScan.Frame frame = chain.removeFirst();
            frame.file().lastSequence = Math.max(frame.file().lastSequence, frame.sequence());
            boolean wasDurable = !chain.isEmpty() || frame.sequence() <= state.cleanSequence();
            if (load(frame, wasDurable)) {
                last = frame.sequence();
                if (!wasDurable) {
                    // Found, but perhaps not past the device's cache yet: from here on others build on it.
                    fileOf(frame).force();
                }
            }
        }
        return last;
    }

    /**
     * Takes up the batches of one frame.
     *
     * @return whether the frame counts
     */
    private boolean load(JournalScan.Frame frame, boolean wasDurable) throws IOException {
        ByteBuf payload = payloadBuffer(frame.payloadBytes());
        fileOf(frame).read(frame.payloadPosition(), payload.nioBuffer(0, frame.payloadBytes()));
        payload.writerIndex(frame.payloadBytes());
        int count = frame.count();
        boolean[] sound = new boolean[count];
        boolean allSound = true;
        int at = 0;
        for (int i = 0; i < count; i++) {
            JournalFrame.TableEntry row = JournalFrame.TableEntry.read(frame.head(), 0, i);
            sound[i] = row.matches(payload, at, frame.payloadBytes() - at);
            allSound &= sound[i];
            at += row.length();
        }
        switch (RecoveryVerdict.of(true, allSound, wasDurable)) {
            case CUT_OFF, REFUSE_FOLDER -> {
                LOG.info("Cut off an unfinished write at {} of {}", frame.position(), frame.file().name);
                return false;
            }
            case KEEP, KEEP_SOUND_BATCHES -> keep(frame, payload, sound);
        }
        return true;
    }

    /** One for all frames: memory that is new to the process costs more than what is read into it. */
    private ByteBuf payloadBuffer(int bytes) {
        if (payload.capacity() < bytes) {
            payload.release();
            payload = UnpooledByteBufAllocator.DEFAULT.directBuffer(bytes, bytes);
        }
        return payload.clear();
    }

    private DiskFile fileOf(JournalScan.Frame frame) {
        return Objects.requireNonNull(open.get(frame.file()));
    }

    private void keep(JournalScan.Frame frame, ByteBuf payload, boolean[] sound) {
        int at = 0;
        for (int i = 0; i < sound.length; i++) {
            JournalFrame.TableEntry row = JournalFrame.TableEntry.read(frame.head(), 0, i);
            SegmentChain chain = row.log() > 0 ? chains.get(new LogId(row.log())) : null;
            if (chain != null) {
                DetachedLog log = logs.computeIfAbsent(new LogId(row.log()), id -> new DetachedLog());
                if (row.lastOffset() >= chain.endOffset()) {
                    log.noteEnd(row.lastOffset() + 1, frame.file());
                }
                boolean isNeeded = row.lastOffset() >= Math.max(chain.startOffset(), chain.segmentEndOffset());
                if (isNeeded && sound[i]) {
                    frame.file().hold(1, row.length());
                    ByteBuf batch = PooledByteBufAllocator.DEFAULT
                            .directBuffer(row.length(), row.length())
                            .writeBytes(payload, at, row.length());
                    log.add(new DetachedLog.Held(row.baseOffset(), row.lastOffset(), batch, frame.file()));
                } else if (isNeeded) {
                    damages.add(new Damage(log, row.baseOffset(), damage(frame, row, at), frame.file()));
                }
            }
            at += row.length();
        }
    }

    private static StorageException damage(JournalScan.Frame frame, JournalFrame.TableEntry row, int at) {
        return new StorageException(
                StorageException.Kind.CORRUPT,
                "log " + new LogId(row.log()) + " is damaged: its records " + row.baseOffset() + " to "
                        + row.lastOffset() + ", which were durable, are not what was written (" + frame.file().name
                        + " at " + (frame.payloadPosition() + at)
                        + "). Other logs are not affected. The file is kept as it is" + HELP);
    }

    /** Files that hold frames which count, in order. */
    private List<JournalFile> filesInOrder() {
        List<JournalFile> files = new ArrayList<>();
        for (JournalScan scan : scans) {
            if (scan.file().lastSequence > 0) {
                scan.file().position = scan.endPosition();
                files.add(scan.file());
            }
        }
        files.sort(Comparator.comparingLong(file -> file.lastSequence));
        return files;
    }

    /** The others; those with frames that did not come to count are deleted. */
    private List<JournalFile> emptyFiles() throws IOException {
        List<JournalFile> empty = new ArrayList<>();
        for (JournalScan scan : scans) {
            if (scan.file().lastSequence == 0 && scan.lastSequence() <= state.beginAfter()) {
                empty.add(scan.file());
            } else if (scan.file().lastSequence == 0) {
                disk.delete(scan.file().name);
            }
        }
        return empty;
    }
}
