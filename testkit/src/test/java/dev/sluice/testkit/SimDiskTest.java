package dev.sluice.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.log.Disk;
import dev.sluice.log.DiskFile;
import dev.sluice.log.DiskFullException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class SimDiskTest {
    private static final int SEEDS = 200;

    @Test
    void losesUnsyncedSectorsInAnyCombinationAtAPowerCut() throws IOException {
        Set<Integer> survivors = new HashSet<>();
        for (long seed = 0; seed < SEEDS; seed++) {
            SimDisk disk = diskWithFile(seed);
            try (DiskFile file = disk.open("file", Disk.Layout.BLOCKS, Disk.Writes.FORCED)) {
                file.write(0, blocks(1));
                file.write(4096, blocks(1));
            }
            disk.crashNow(SimDisk.Crash.POWER);
            byte[] left = image(disk).bytes("file");
            survivors.add((left[0] == 0 ? 0 : 1) + (left[4096] == 0 ? 0 : 2));
        }
        assertThat(survivors).containsExactlyInAnyOrder(0, 1, 2, 3);
    }

    @Test
    void keepsWhatWasForcedOrWrittenSynchronously() throws IOException {
        for (long seed = 0; seed < SEEDS; seed++) {
            SimDisk disk = diskWithFile(seed);
            try (DiskFile file = disk.open("file", Disk.Layout.BLOCKS, Disk.Writes.FORCED)) {
                file.write(0, blocks(1));
                file.force();
            }
            try (DiskFile file = disk.open("file", Disk.Layout.BLOCKS, Disk.Writes.SYNCHRONOUS)) {
                file.write(4096, blocks(1));
            }
            disk.crashNow(SimDisk.Crash.POWER);
            assertThat(image(disk).bytes("file")[0]).isEqualTo((byte) 7);
            assertThat(image(disk).bytes("file")[4096]).isEqualTo((byte) 7);
        }
    }

    @Test
    void tearsASynchronousWriteThatACrashMeets() throws IOException {
        boolean torn = false;
        for (long seed = 0; seed < SEEDS; seed++) {
            SimDisk disk = diskWithFile(seed);
            disk.crashAt(disk.operations(), SimDisk.Crash.POWER);
            try (DiskFile file = disk.open("file", Disk.Layout.BLOCKS, Disk.Writes.SYNCHRONOUS)) {
                file.write(0, blocks(2));
            }
            byte[] left = image(disk).bytes("file");
            torn |= left[0] != left[4096];
            assertThat(disk.bytes("file")[0]).as("the disk itself goes on").isEqualTo((byte) 7);
        }
        assertThat(torn).isTrue();
    }

    @Test
    void keepsUnsyncedWritesWhenOnlyTheProcessEnds() throws IOException {
        SimDisk disk = diskWithFile(1);
        try (DiskFile file = disk.open("file", Disk.Layout.BLOCKS, Disk.Writes.FORCED)) {
            file.write(0, blocks(1));
        }
        disk.crashNow(SimDisk.Crash.KILL);
        assertThat(image(disk).bytes("file")[0]).isEqualTo((byte) 7);
    }

    @Test
    void bringsADeletedFileBackNowAndThen() throws IOException {
        Set<Boolean> outcomes = new HashSet<>();
        for (long seed = 0; seed < SEEDS; seed++) {
            SimDisk disk = diskWithFile(seed);
            disk.delete("file");
            assertThat(disk.exists("file")).isFalse();
            disk.crashNow(SimDisk.Crash.POWER);
            outcomes.add(image(disk).exists("file"));
        }
        assertThat(outcomes).containsExactlyInAnyOrder(true, false);
    }

    @Test
    void losesForGoodWhatAFailedSyncLeft() throws IOException {
        boolean lost = false;
        for (long seed = 0; seed < SEEDS; seed++) {
            SimDisk disk = diskWithFile(seed);
            disk.faults().forceFailsOneIn = 1;
            try (DiskFile file = disk.open("file", Disk.Layout.BLOCKS, Disk.Writes.FORCED)) {
                file.write(0, blocks(1));
                assertThatThrownBy(file::force).isInstanceOf(IOException.class);
                disk.faults().clear();
                file.force();
                assertThatThrownBy(() -> file.write(0, blocks(1))).isInstanceOf(AssertionError.class);
            }
            assertThat(disk.bytes("file")[0]).isEqualTo((byte) 7);
            disk.crashNow(SimDisk.Crash.POWER);
            lost |= image(disk).bytes("file")[0] == 0;
        }
        assertThat(lost).isTrue();
    }

    @Test
    void isFullAtItsCapacity() throws IOException {
        SimDisk disk = diskWithFile(1);
        disk.faults().capacityBytes = 3 * 4096;
        assertThat(disk.usableBytes()).isEqualTo(4096);
        assertThatThrownBy(() -> disk.create("other", 2 * 4096)).isInstanceOf(DiskFullException.class);
        disk.create("other", 4096);
        assertThat(disk.usableBytes()).isZero();
    }

    private static SimDisk diskWithFile(long seed) throws IOException {
        SimDisk disk = new SimDisk(new Seeded(seed));
        disk.create("file", 2 * 4096);
        return disk;
    }

    private static SimDisk image(SimDisk disk) {
        @Nullable SimDisk image = disk.image();
        if (image == null) {
            throw new AssertionError("no crash happened");
        }
        return image;
    }

    private static ByteBuffer blocks(int count) {
        ByteBuffer blocks =
                ByteBuffer.allocateDirect((count + 1) * 4096).alignedSlice(4096).limit(count * 4096);
        while (blocks.hasRemaining()) {
            blocks.put((byte) 7);
        }
        return blocks.flip();
    }
}
