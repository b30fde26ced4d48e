package dev.sluice.testkit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Confined to the thread of the simulation. The bytes of one file, twice: as they are read now, and as they are on the
 * platter, with the writes between the two.
 */
final class SimContent {
    /** Not yet durable, oldest first. */
    private sealed interface Pending {
        @SuppressWarnings("ArrayRecordComponent") // never changed
        record Write(long position, byte[] bytes) implements Pending {}

        record Truncate(int bytes) implements Pending {}
    }

    private byte[] current;
    private byte[] durable;
    private final List<Pending> pending = new ArrayList<>();

    /** A write or sync failed, so that nobody can know what is in here. */
    boolean isUnknown;

    SimContent(int bytes) {
        this(new byte[bytes], new byte[bytes]);
    }

    private SimContent(byte[] current, byte[] durable) {
        this.current = current;
        this.durable = durable;
    }

    int size() {
        return current.length;
    }

    byte[] current() {
        return current;
    }

    void writeUnsynced(long position, byte[] bytes) {
        current = written(current, position, bytes, 0, bytes.length);
        pending.add(new Pending.Write(position, bytes));
    }

    void writeDurably(long position, byte[] bytes) {
        current = written(current, position, bytes, 0, bytes.length);
        durable = written(durable, position, bytes, 0, bytes.length);
    }

    void truncate(int bytes) {
        if (bytes < current.length) {
            current = Arrays.copyOf(current, bytes);
            pending.add(new Pending.Truncate(bytes));
        }
    }

    void force() {
        if (!pending.isEmpty()) {
            pending.clear();
            durable = current.clone();
        }
    }

    /** A synchronous write that failed, or that a crash met: any of its sectors are there, in any order. */
    void tear(long position, byte[] bytes, Seeded random) {
        int percent = random.below(101);
        int sector = sectorBytes(random);
        forEachSector(position, bytes.length, sector, (from, length) -> {
            if (random.percent(percent)) {
                durable = written(durable, position + from, bytes, from, length);
                current = written(current, position + from, bytes, from, length);
                if (random.oneIn(40)) {
                    int at = (int) position + from + random.below(length);
                    durable[at] ^= (byte) (1 << random.below(8));
                    current[at] = durable[at];
                }
            }
        });
    }

    /** Linux after a failed fsync: pages count as clean, can be read, and may never reach the disk. */
    void failForce(Seeded random) {
        durable = afterPowerCut(random);
        pending.clear();
    }

    /** What a process finds that starts after this one was killed: nothing is lost, and nothing more is durable. */
    SimContent afterKill() {
        SimContent copy = new SimContent(current.clone(), durable.clone());
        copy.pending.addAll(pending);
        return copy;
    }

    /** What is left after the power went: of all that was not synced any part, in any order, by sectors. */
    SimContent afterPower(Seeded random) {
        byte[] left = afterPowerCut(random);
        return new SimContent(left, left.clone());
    }

    private byte[] afterPowerCut(Seeded random) {
        int percent = random.pick(List.of(0, 50, 90, 100, random.below(101)));
        int sector = sectorBytes(random);
        byte[][] image = {durable.clone()};
        for (Pending op : pending) {
            switch (op) {
                case Pending.Write write ->
                    forEachSector(write.position, write.bytes.length, sector, (from, length) -> {
                        if (random.percent(percent)) {
                            image[0] = written(image[0], write.position + from, write.bytes, from, length);
                        }
                    });
                case Pending.Truncate truncate -> {
                    if (random.percent(percent)) {
                        image[0] = Arrays.copyOf(image[0], Math.min(image[0].length, truncate.bytes));
                    }
                }
            }
        }
        if (!pending.isEmpty() && image[0].length < current.length && random.oneIn(4)) {
            image[0] = Arrays.copyOf(image[0], current.length); // the length came through, the bytes did not
        }
        return image[0];
    }

    private static int sectorBytes(Seeded random) {
        return random.oneIn(2) ? 512 : 4096;
    }

    private interface Sector {
        void at(int from, int length);
    }

    private static void forEachSector(long position, int length, int sectorBytes, Sector action) {
        int from = 0;
        while (from < length) {
            int end = (int) Math.min(length, from + sectorBytes - (position + from) % sectorBytes);
            action.at(from, end - from);
            from = end;
        }
    }

    private static byte[] written(byte[] into, long position, byte[] bytes, int from, int length) {
        int end = Math.toIntExact(position + length);
        byte[] target = end > into.length ? Arrays.copyOf(into, end) : into;
        System.arraycopy(bytes, from, target, (int) position, length);
        return target;
    }
}
