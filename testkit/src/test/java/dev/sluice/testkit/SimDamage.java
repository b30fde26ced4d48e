package dev.sluice.testkit;

import dev.sluice.log.Disk;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Immutable. One bit that changed on a disk at rest, and what it can mean:
 *
 * <ul>
 *   <li>Inside a batch: at most that batch's log may refuse, to open or to read it.
 *   <li>Elsewhere (heads, tables, metadata): the storage may refuse as a whole, or any log.
 *   <li>Inside the last journal frame, or the last group of the metadata, when the storage did not end cleanly: nothing
 *       tells it from a write that was cut off, so what that one write held may be gone without a word.
 * </ul>
 *
 * In no case may a read give other bytes than were written, or skip any but those.
 */
final class SimDamage {
    private static final byte[] JOURNAL_FRAME = "SLJF".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] METADATA_GROUP = "SMG1".getBytes(StandardCharsets.US_ASCII);

    final String file;
    final int position;
    /** Whose batch was hit; null if none. */
    final @Nullable SimLog victim;

    private final boolean isInLastMetadataGroup;

    private SimDamage(String file, int position, @Nullable SimLog victim, boolean isInLastMetadataGroup) {
        this.file = file;
        this.position = position;
        this.victim = victim;
        this.isInLastMetadataGroup = isInLastMetadataGroup;
    }

    /** Changes one bit of the disk of a simulation that is down. */
    static SimDamage inflict(LogSim sim, boolean endedCleanly) {
        sim.groups.mayBeGone();
        SimDisk disk = sim.disk;
        String file = sim.random.pick(disk.names().stream()
                .filter(name -> disk.bytes(name).length > 0)
                .toList());
        byte[] bytes = disk.bytes(file);
        int position = position(sim.random, bytes);
        SimLog victim = null;
        for (SimLog log : sim.logs) {
            for (LogModel.Batch batch : log.model.batches()) {
                int at = LogModel.find(batch, bytes, 0);
                while (at >= 0) {
                    if (at <= position && position < at + batch.bytes()) {
                        victim = log;
                    }
                    at = LogModel.find(batch, bytes, at + 1);
                }
            }
        }
        boolean inLastGroup = !endedCleanly && file.equals("metadata") && position >= lastGroup(bytes);
        SimDisk.Written written = sim.lastWritten;
        if (!endedCleanly && written != null && written.name().equals(file)) {
            int frame = lastFrame(bytes, written);
            int end = (int) written.position() + written.length();
            if (position >= frame && position < end) {
                allowLossOf(sim, bytes, frame, end);
            }
        }
        disk.flipBit(file, position, sim.random.below(8));
        return new SimDamage(file, position, victim, inLastGroup);
    }

    private static int position(Seeded random, byte[] bytes) {
        if (bytes.length == 0) {
            return 0;
        }
        int position = 0;
        for (int i = 0; i < 20; i++) {
            position = random.below(bytes.length);
            // Most of a file that was made ahead is empty; and heads of frames and chunks are where it hurts.
            if (random.oneIn(3)) {
                position =
                        Math.min(bytes.length - 1, position / Disk.BLOCK_BYTES * Disk.BLOCK_BYTES + random.below(120));
            }
            if (bytes[position] != 0) {
                return position;
            }
        }
        return position;
    }

    /** Where the frame begins that the last write was all of, or the end of. */
    private static int lastFrame(byte[] bytes, SimDisk.Written written) {
        int at = (int) written.position();
        while (at > 0 && !startsAt(bytes, at, JOURNAL_FRAME)) {
            at -= Disk.BLOCK_BYTES;
        }
        return at;
    }

    private static void allowLossOf(LogSim sim, byte[] bytes, int from, int end) {
        for (SimLog log : sim.logs) {
            for (LogModel.Batch batch : log.model.batches()) {
                int at = LogModel.find(batch, bytes, from);
                if (at >= 0 && at < end) {
                    log.model.mayHaveLost(batch);
                }
            }
        }
    }

    private static int lastGroup(byte[] bytes) {
        for (int at = bytes.length - METADATA_GROUP.length; at >= 0; at--) {
            if (startsAt(bytes, at, METADATA_GROUP)) {
                return at;
            }
        }
        return 0;
    }

    private static boolean startsAt(byte[] bytes, int at, byte[] magic) {
        return Arrays.equals(bytes, at, Math.min(at + magic.length, bytes.length), magic, 0, magic.length);
    }

    /** Nothing can be said about what the storage holds now. */
    boolean isUntold() {
        return isInLastMetadataGroup;
    }

    boolean isOfMetadata() {
        return file.equals("metadata");
    }

    /** Whoever was hit, or anybody if it is not known who. */
    void allowLossAfterRepair(LogSim sim) {
        sim.groups.mayBeTorn();
        for (SimLog log : sim.logs) {
            if (victim == null || log == victim) {
                log.model.mayLoseAnything();
            }
        }
    }

    /** Throws if somebody refused who was not hit. */
    void checkRefusals(LogSim sim) {
        if (victim == null) {
            return;
        }
        LogSim.require(sim.refusal == null, "damage of one log stops the storage: " + sim.refusal);
        for (SimLog log : sim.logs) {
            LogSim.require(
                    log == victim || log.refusal == null,
                    "damage of log " + victim.model.id + " stops log " + log.model.id + ": " + log.refusal);
        }
    }

    @Override
    public String toString() {
        return "a bit of " + file + " at " + position + (victim == null ? "" : ", in a batch of " + victim.model.id);
    }
}
