package dev.sluice.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What each durability can lose in a crash, and what not. */
class DurabilityTest {
    @TempDir
    Path folder;

    @Test
    void syncConfirmsNothingThatACrashCanLose() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = open(node, Durability.SYNC);
            node.appendLater(log, 1, 10);
            assertThat(log.durableOffset()).isZero();
            node.threads.runAll();
            assertThat(log.durableOffset()).isEqualTo(1);
            node.crash();
        }
        try (TestNode node = node()) {
            assertThat(node.offsets(open(node, Durability.SYNC))).containsExactly(0L);
        }
    }

    @Test
    void anIntervalLosesWhatWasConfirmedInItAndNothingBefore() throws Exception {
        Durability interval = Durability.interval(100);
        try (TestNode node = node()) {
            PartitionLog log = open(node, interval);
            node.append(log, 10);
            assertThat(log.durableOffset()).isEqualTo(1);
            node.threads.fireTimers(100);
            node.append(log, 10);
            assertThat(node.offsets(log)).containsExactly(0L, 1L);
            node.threads.fireTimers(99);
            node.crash();
        }
        try (TestNode node = node()) {
            assertThat(node.offsets(open(node, interval))).containsExactly(0L);
        }
    }

    @Test
    void noneLosesWhatWasNotWrittenByThen() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = open(node, Durability.NONE);
            node.append(log, 10);
            assertThat(node.offsets(log)).containsExactly(0L);
            node.crash();
        }
        try (TestNode node = node()) {
            assertThat(node.offsets(open(node, Durability.NONE))).isEmpty();
        }
    }

    @Test
    void sharesTheWriteOfALogThatWaits() throws Exception {
        try (TestNode node = node()) {
            node.append(open(node, Durability.NONE), 10);
            node.append(node.open(2), 10);
            node.crash();
        }
        try (TestNode node = node()) {
            assertThat(node.offsets(open(node, Durability.NONE))).containsExactly(0L);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"sync", "interval=60000ms", "none"})
    void aCleanEndLosesNothing(String durability) throws Exception {
        Durability wanted = Durability.parse(durability).orElseThrow();
        try (TestNode node = node()) {
            node.append(open(node, wanted), 10);
        }
        try (TestNode node = node()) {
            assertThat(node.offsets(open(node, wanted))).containsExactly(0L);
        }
    }

    @Test
    void offsetsThatWereLostAreNotGivenOutAgainToWhoKnowsOfThem() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = open(node, Durability.NONE);
            log.skipTo(7);
            assertThat(log.endOffset()).isEqualTo(7);
            node.append(log, 10);
            node.threads.fireTimers();
            node.crash();
        }
        try (TestNode node = node()) {
            assertThat(node.offsets(open(node, Durability.NONE))).containsExactly(7L);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"sync", "interval=1ms", "interval=250ms", "interval=60000ms", "none"})
    void readsItsOwnText(String text) {
        assertThat(Durability.parse(text).orElseThrow()).hasToString(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "SYNC", "interval", "interval=0ms", "interval=60001ms", "interval=5", "interval=5s", "none "
            })
    void readsNoOtherText(String text) {
        assertThat(Durability.parse(text)).isEmpty();
    }

    @Test
    void refusesIntervalsThatMakeNoSense() {
        for (long ms : List.of(-1L, 0L, 60_001L)) {
            assertThatThrownBy(() -> Durability.interval(ms)).hasMessageContaining("from 1 to 60000 ms");
        }
    }

    private static PartitionLog open(TestNode node, Durability durability) {
        return node.open(1, LogSettings.DEFAULT.withDurability(durability), new TestNode.Heard());
    }

    private TestNode node() throws IOException {
        return new TestNode(new FaultyDisk(FileDisk.open(folder)), StorageConfig.small());
    }
}
