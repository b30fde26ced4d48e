package dev.sluice.log;

import static dev.sluice.log.StorageTest.range;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Appends to several logs that become durable together or not at all. */
class AppendGroupTest {
    @TempDir
    Path folder;

    @Test
    void nobodyIsToldBeforeAllMembersAreWrittenInOneFrame() throws Exception {
        try (TestNode node = node()) {
            TestNode.Heard heard = new TestNode.Heard();
            PartitionLog first = node.open(1, heard);
            PartitionLog second = node.open(2);
            AppendGroup group = node.storage.group(2);
            long before = node.storage.journalWrites();
            append(node, first, group);
            assertThat(first.durableOffset()).isZero();
            assertThat(node.storage.journalWrites()).isEqualTo(before);
            append(node, second, group);
            assertThat(node.storage.journalWrites()).isEqualTo(before + 1);
            assertThat(heard.durable).containsExactly(1L);
            assertThat(second.durableOffset()).isEqualTo(1);
            node.crash();
        }
        assertFound(1, 1);
    }

    @Test
    void aCrashLeavesNothingOfAGroupThatLacksAMember() throws Exception {
        try (TestNode node = node()) {
            PartitionLog first = node.open(1);
            PartitionLog second = node.open(2);
            PartitionLog third = node.open(3);
            node.append(first, 10);
            AppendGroup group = node.storage.group(3);
            append(node, first, group);
            append(node, second, group);
            node.append(third, 10);
            assertThat(third.durableOffset()).isEqualTo(1);
            node.crash();
        }
        assertFound(1, 0, 1);
    }

    @Test
    void onlyTheLogsOfAGroupWaitForIt() throws Exception {
        try (TestNode node = node()) {
            PartitionLog first = node.open(1);
            PartitionLog second = node.open(2);
            PartitionLog other = node.open(3);
            AppendGroup group = node.storage.group(2);
            node.append(first, 10);
            append(node, first, group);
            node.append(first, 10);
            node.append(second, 10);
            node.append(other, 10);
            assertThat(first.durableOffset()).isEqualTo(1);
            assertThat(second.durableOffset()).isEqualTo(1);
            assertThat(other.durableOffset()).isEqualTo(1);
            append(node, second, group);
            assertThat(first.durableOffset()).isEqualTo(3);
            assertThat(second.durableOffset()).isEqualTo(2);
        }
        assertFound(3, 2, 1);
    }

    @Test
    void groupsThatMeetInDifferentOrdersShareAFrame() throws Exception {
        try (TestNode node = node()) {
            PartitionLog first = node.open(1);
            PartitionLog second = node.open(2);
            AppendGroup one = node.storage.group(2);
            AppendGroup two = node.storage.group(2);
            long before = node.storage.journalWrites();
            append(node, first, one);
            append(node, second, two);
            append(node, first, two);
            node.append(second, 10);
            assertThat(node.storage.journalWrites()).isEqualTo(before);
            append(node, second, one);
            assertThat(node.storage.journalWrites()).isEqualTo(before + 1);
            assertThat(first.durableOffset()).isEqualTo(2);
            assertThat(second.durableOffset()).isEqualTo(3);
            node.crash();
        }
        assertFound(2, 3);
    }

    /** What hangs together is far larger than what one write carries otherwise, and than a journal file. */
    @Test
    void aLongChainOfGroupsIsOneFrameHoweverLarge() throws Exception {
        int groups = 40;
        try (TestNode node = node()) {
            PartitionLog first = node.open(1);
            PartitionLog second = node.open(2);
            List<AppendGroup> begun = groups(node, groups);
            begun.forEach(group -> node.appendLater(first, group, 1_000));
            for (int i = groups - 1; i > 0; i--) {
                node.appendLater(second, begun.get(i), 1_000);
            }
            node.threads.runAll();
            assertThat(first.durableOffset()).isZero();
            assertThat(second.durableOffset()).isZero();
            long before = node.storage.journalWrites();
            node.appendLater(second, begun.getFirst(), 1_000);
            node.threads.runAll();
            assertThat(node.storage.journalWrites()).isEqualTo(before + 1);
            assertThat(first.durableOffset()).isEqualTo(groups);
            node.crash();
        }
        assertFound(groups, groups);
    }

    @Test
    void groupsThatOnlyFollowEachOtherDoNotWaitForEachOther() throws Exception {
        try (TestNode node = node()) {
            PartitionLog first = node.open(1);
            PartitionLog second = node.open(2);
            PartitionLog third = node.open(3);
            AppendGroup one = node.storage.group(2);
            AppendGroup two = node.storage.group(2);
            append(node, first, one);
            append(node, second, one);
            append(node, second, two);
            assertThat(first.durableOffset()).isEqualTo(1);
            assertThat(second.durableOffset()).isEqualTo(1);
            append(node, third, two);
            assertThat(second.durableOffset()).isEqualTo(2);
        }
        assertFound(1, 2, 1);
    }

    @Test
    void aGroupThatIsCompleteGoesWhenTheOneBeforeItGoes() throws Exception {
        try (TestNode node = node()) {
            PartitionLog first = node.open(1);
            PartitionLog second = node.open(2);
            PartitionLog third = node.open(3);
            AppendGroup one = node.storage.group(2);
            AppendGroup two = node.storage.group(2);
            append(node, first, one);
            append(node, first, two);
            append(node, third, two);
            assertThat(third.durableOffset()).isZero();
            append(node, second, one);
            assertThat(first.durableOffset()).isEqualTo(2);
            assertThat(second.durableOffset()).isEqualTo(1);
            assertThat(third.durableOffset()).isEqualTo(1);
        }
    }

    @Test
    void oneLogCanBeAMemberMoreThanOnce() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = node.open(1);
            AppendGroup group = node.storage.group(2);
            append(node, log, group);
            node.append(log, 10);
            assertThat(log.durableOffset()).isZero();
            append(node, log, group);
            assertThat(log.durableOffset()).isEqualTo(3);
        }
        assertFound(3);
    }

    @Test
    void theOthersGoWithoutAMemberThatLeaves() throws Exception {
        try (TestNode node = node()) {
            PartitionLog first = node.open(1);
            PartitionLog second = node.open(2);
            AppendGroup group = node.storage.group(2);
            append(node, first, group);
            second.close(() -> {});
            assertThatThrownBy(() -> append(node, second, group)).hasMessageContaining("closed");
            node.threads.runAll();
            assertThat(first.durableOffset()).isZero();
            group.leave();
            node.threads.runAll();
            assertThat(first.durableOffset()).isEqualTo(1);
            assertThatThrownBy(group::leave).hasMessageContaining("all 2 members");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aMemberInMemoryIsDurableAtOnceAndTheRestWithoutIt(boolean isLast) throws Exception {
        try (TestNode node = node()) {
            PartitionLog kept = node.open(1);
            PartitionLog memory = node.storage.openMemoryLog(new LogId(2), node.threads.owner(), new TestNode.Heard());
            AppendGroup group = node.storage.group(2);
            append(node, isLast ? kept : memory, group);
            append(node, isLast ? memory : kept, group);
            assertThat(memory.durableOffset()).isEqualTo(1);
            assertThat(kept.durableOffset()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aMemberThatCanWaitDoesNotMakeTheOthersWait(boolean isLast) throws Exception {
        LogSettings interval = LogSettings.DEFAULT.withDurability(Durability.interval(60_000));
        try (TestNode node = node()) {
            PartitionLog first = node.open(1);
            PartitionLog second = node.open(2, interval, new TestNode.Heard());
            AppendGroup group = node.storage.group(2);
            append(node, isLast ? first : second, group);
            append(node, isLast ? second : first, group);
            assertThat(first.durableOffset()).isEqualTo(1);
            node.crash();
        }
        assertFound(1, 1);
    }

    /** Its memory would be moved to a segment, since it counts as durable. */
    @Test
    void aMemberThatCountsAsDurableIsNowhereBeforeTheOthersAre() throws Exception {
        LogSettings none = LogSettings.DEFAULT.withDurability(Durability.NONE);
        try (TestNode node = node()) {
            PartitionLog log = node.open(1, none, new TestNode.Heard());
            node.open(2);
            AppendGroup group = node.storage.group(2);
            node.appendLater(log, group, 30_000);
            for (int i = 0; i < 100; i++) {
                node.append(log, 1_000);
                node.threads.fireTimers();
            }
            assertThat(log.durableOffset()).isEqualTo(101);
            assertThat(log.tailBytes()).isGreaterThan(StorageConfig.small().logTailBytes());
            assertThat(log.segmentBytes()).isZero();
            node.crash();
        }
        assertFound(0, 0);
    }

    @Test
    void goesWholeToAnotherFileWhenAWriteFails() throws Exception {
        try (TestNode node = node()) {
            PartitionLog first = node.open(1);
            PartitionLog second = node.open(2);
            node.append(first, 10);
            node.disk.failWrites("journal", 1);
            AppendGroup group = node.storage.group(2);
            append(node, first, group);
            append(node, second, group);
            assertThat(first.durableOffset()).isEqualTo(2);
            assertThat(second.durableOffset()).isEqualTo(1);
            node.crash();
        }
        assertFound(2, 1);
    }

    @Test
    void acknowledgementsGoOnWhileAGroupWaitsForTheDisk() throws Exception {
        try (TestNode node = node()) {
            TestNode.Heard heard = new TestNode.Heard();
            PartitionLog first = node.open(1, heard);
            PartitionLog second = node.open(2);
            PartitionLog state = node.open(3, LogSettings.STATE, new TestNode.Heard());
            node.append(first, 10);
            node.disk.setFull(true);
            while (heard.events.isEmpty()) {
                AppendGroup group = node.storage.group(2);
                append(node, first, group);
                append(node, second, group);
                node.append(first, 5_000);
                node.threads.fireTimers(500);
            }
            assertThat(heard.events.getFirst()).contains("the disk is full");
            node.append(state, 10);
            node.threads.fireTimers();
            assertThat(state.durableOffset()).isEqualTo(1);
            node.disk.setFull(false);
            node.threads.fireTimers();
            node.threads.fireTimers();
            assertThat(first.durableOffset()).isEqualTo(first.endOffset());
            assertThat(second.durableOffset()).isEqualTo(second.endOffset());
        }
    }

    @Test
    void stallsBeforeTooMuchWaitsForAMember() throws Exception {
        try (TestNode node = node()) {
            TestNode.Heard heard = new TestNode.Heard();
            PartitionLog first = node.open(1, heard);
            PartitionLog second = node.open(2);
            AppendGroup group = node.storage.group(2);
            append(node, first, group);
            for (int i = 0; i < 200 && !first.isStalled(); i++) {
                node.append(first, 1_000);
            }
            assertThat(heard.events).hasSize(1);
            assertThat(heard.events.getFirst()).contains("other members of its group");
            append(node, second, group);
            assertThat(heard.events).containsExactly(heard.events.getFirst(), "resumed");
            assertThat(first.durableOffset()).isEqualTo(first.endOffset());
        }
    }

    @Test
    void anEndDropsWhatLacksAMemberAndDoesNotWaitForIt() throws Exception {
        try (TestNode node = node()) {
            PartitionLog first = node.open(1);
            PartitionLog second = node.open(2);
            PartitionLog third = node.open(3);
            node.append(first, 10);
            AppendGroup group = node.storage.group(3);
            append(node, first, group);
            append(node, second, group);
            node.append(first, 10);
            node.append(third, 10);
            first.discard(1, 1);
            boolean[] closed = new boolean[1];
            second.close(() -> closed[0] = true);
            node.threads.runAll();
            assertThat(closed[0]).isFalse();
            CompletableFuture<Void> ended = node.storage.closeLater();
            node.threads.runAll();
            assertThat(ended).isDone();
            assertThat(closed[0]).isTrue();
            group.leave();
            node.threads.runAll();
        }
        assertFound(1, 0, 1);
    }

    @Test
    void refusesWhatCannotBeAMemberAndTakesNothingOfIt() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = node.open(1);
            PartitionLog state = node.open(2, LogSettings.STATE, new TestNode.Heard());
            AppendGroup group = node.storage.group(1);
            assertThatThrownBy(() -> append(node, state, group)).hasMessageContaining("is of state");
            int tooMuch = (int) node.storage.maxGroupBytes();
            assertThatThrownBy(() -> node.appendLater(log, group, tooMuch)).hasMessageContaining("bytes at most");
            assertThat(log.endOffset()).isZero();
            append(node, log, group);
            assertThatThrownBy(() -> append(node, log, group)).hasMessageContaining("all 1 members");
            node.threads.runAll();
            assertThat(log.durableOffset()).isEqualTo(1);
            assertThatThrownBy(() -> node.storage.group(0)).hasMessageContaining("from 1 to 65536");
            assertThatThrownBy(() -> node.storage.group(65_537)).hasMessageContaining("from 1 to 65536");
        }
    }

    @Test
    void aBackupHasNothingOfAGroupThatLacksAMember() throws Exception {
        FaultyDisk target = new FaultyDisk(FileDisk.open(folder.resolve("backup")));
        try (TestNode node = node()) {
            PartitionLog first = node.open(1);
            PartitionLog second = node.open(2);
            node.append(first, 10);
            AppendGroup group = node.storage.group(2);
            append(node, first, group);
            CompletableFuture<BackupSummary> backup = node.storage.backup(target);
            node.threads.runAll();
            assertThat(backup).isCompleted();
            append(node, second, group);
            assertThat(second.durableOffset()).isEqualTo(1);
        }
        try (TestNode node = new TestNode(target, StorageConfig.small())) {
            assertThat(node.offsets(node.open(1))).isEqualTo(range(0, 1));
            assertThat(node.offsets(node.open(2))).isEmpty();
        }
    }

    private static List<AppendGroup> groups(TestNode node, int count) {
        return LongStream.range(0, count).mapToObj(i -> node.storage.group(2)).toList();
    }

    private static void append(TestNode node, PartitionLog log, AppendGroup group) {
        node.appendLater(log, group, 100);
        node.threads.runAll();
    }

    /** So many records are in log 1, 2 and so on. */
    private void assertFound(int... records) throws IOException {
        try (TestNode node = node()) {
            for (int i = 0; i < records.length; i++) {
                assertThat(node.offsets(node.open(i + 1))).as("log " + (i + 1)).isEqualTo(range(0, records[i]));
            }
        }
    }

    private TestNode node() throws IOException {
        return new TestNode(new FaultyDisk(FileDisk.open(folder.resolve("data"))), StorageConfig.small());
    }
}
