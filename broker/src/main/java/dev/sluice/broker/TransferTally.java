package dev.sluice.broker;

import dev.sluice.broker.TransferProgress.State;
import dev.sluice.log.RecordCursor;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a transfer has done so far, and whether it goes on, for people; the counts are those of {@link TransferProgress}. Confined to the queue's shard; {@link #progress} makes a value for others. */
final class TransferTally {
    /** A dry run shows so many records. */
    static final int MOST_SHOWN = 10;

    private static final Logger LOG = LoggerFactory.getLogger(TransferTally.class);
    private static final int SHOWN_BODY_BYTES = 4 << 10;

    private final Queue queue;
    private final TransferRequest request;
    private final long startedMs;
    private final List<PeekedRecord> first = new ArrayList<>();
    long seen;
    long done;
    long left;
    long refused;
    private State state = State.RUNNING;
    private String reason = "";
    private long endedMs;

    TransferTally(Queue queue, TransferRequest request) {
        this.queue = queue;
        this.request = request;
        this.startedMs = queue.shard().nowMs();
    }

    boolean isOver() {
        return state.isOver();
    }

    /** In a dry run: the record would go. */
    void show(Lane lane, RecordCursor record) {
        done++;
        if (first.size() < MOST_SHOWN) {
            first.add(PeekedRecord.copyOf(
                    lane, record, SHOWN_BODY_BYTES, queue.home().turnTimeMs()));
        }
    }

    void waits(String why) {
        if (state == State.RUNNING) {
            LOG.info("the transfer of records of queue {} waits: {}", queue.name(), why);
        }
        state = State.WAITING;
        reason = why;
    }

    void goesOn() {
        state = State.RUNNING;
        reason = "";
    }

    /** {@code why}: for people; empty if it is done, or somebody has stopped it. */
    void ends(State end, String why) {
        state = end;
        reason = why;
        endedMs = queue.shard().nowMs();
        LOG.info(
                "the transfer of records of queue {} ended: {}, {} done{}",
                queue.name(),
                state,
                done,
                why.isEmpty() ? "" : "; " + why);
    }

    TransferProgress progress() {
        return new TransferProgress(
                queue.name(), request, state, reason, seen, done, left, refused, startedMs, endedMs, first);
    }
}
