package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BacklogTest {
    private static final int RECORDS = 20;

    @TempDir
    private Path folder;

    private MemoryLog memory;
    private Backlog backlog;

    @BeforeEach
    void open() {
        memory = new MemoryLog(folder);
        backlog = new Backlog(memory.log(), new CursorState(), () -> {}, new ReadyLanes(null), 0, null);
        memory.append(RECORDS);
        backlog.appended(RECORDS);
    }

    @AfterEach
    void close() {
        backlog.close();
        memory.close();
    }

    @Test
    void goesOnAroundWhatWasTakenOutOfTurn() {
        takeOutOfTurn(0);
        takeOutOfTurn(3);
        takeOutOfTurn(4);
        assertThat(backlog.ready()).isEqualTo(17);
        assertThat(backlog.isReady(3)).isFalse();
        assertThat(taken(3)).containsExactly(1L, 2L, 5L);
        backlog.putBack(3);
        backlog.settleInFlight(4);
        takeOutOfTurn(7);
        backlog.putBack(7);
        assertThat(taken(3)).containsExactly(3L, 6L, 7L);
        assertThat(backlog.cursor().deliveryCount(3)).isZero();
        backlog.release(5);
        takeOutOfTurn(5);
        assertThat(taken(1)).containsExactly(8L);
        backlog.putBack(5);
        assertThat(taken(2)).containsExactly(5L, 9L);
    }

    @Test
    void aPurgeLeavesWhatWasTakenOutOfTurn() {
        takeOutOfTurn(3);
        takeOutOfTurn(19);
        assertThat(backlog.purge()).isEqualTo(18);
        assertThat(backlog.inFlight()).isEqualTo(2);
        assertThat(backlog.cursor().floor()).isEqualTo(3);
        backlog.putBack(3);
        assertThat(backlog.ready()).isEqualTo(1);
        assertThat(taken(1)).containsExactly(3L);
        backlog.settleInFlight(3);
        assertThat(backlog.cursor().floor()).isEqualTo(19);
        backlog.settleInFlight(19);
        assertThat(backlog.cursor().floor()).isEqualTo(20);
        assertThat(backlog.ready()).isZero();
    }

    /** The offsets of the records that are next, which are in flight then. */
    private List<Long> taken(int records) {
        var offsets = new ArrayList<Long>();
        for (int i = 0; i < records; i++) {
            assertThat(backlog.peek()).isEqualTo(LogReader.Position.AT);
            offsets.add(backlog.record().offset());
            backlog.take();
        }
        return offsets;
    }

    private void takeOutOfTurn(long offset) {
        try (var reader = new LogReader(memory.log(), () -> {})) {
            assertThat(reader.seek(offset)).isEqualTo(LogReader.Position.AT);
            backlog.takeOutOfTurn(reader.record());
        }
    }
}
