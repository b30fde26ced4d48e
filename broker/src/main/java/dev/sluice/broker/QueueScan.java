package dev.sluice.broker;

import dev.sluice.broker.LogReader.Position;
import dev.sluice.log.RecordCursor;
import dev.sluice.log.StorageException;
import org.jspecify.annotations.Nullable;

/**
 * Walks the records of a queue that are not settled and were durable when the walk began, the highest lane first, with a reader of its own: whoever else reads the queue does not notice. Confined to the queue's shard.
 */
final class QueueScan implements AutoCloseable {
    private final Lane[] lanes;
    private final Runnable readable;
    /** The walk ends before, in each lane. */
    private final long[] ends;

    private int lane;
    private long next;
    /** What is before was passed already, perhaps before a {@link #rewind}. */
    private int furthestLane = Integer.MAX_VALUE;

    private long furthestNext;
    private @Nullable LogReader reader;

    /** {@code from}: null for the beginning. {@code readable} runs when it is worth asking again after {@link Position#PENDING}. */
    QueueScan(Queue queue, @Nullable RecordPosition from, Runnable readable) {
        this.lanes = queue.lanes();
        this.readable = readable;
        this.ends = new long[lanes.length];
        for (int i = 0; i < lanes.length; i++) {
            ends[i] = lanes[i].log().durableOffset();
        }
        this.lane = lanes.length - 1;
        if (from != null && from.priority() <= lane) {
            lane = from.priority();
            next = from.offset();
        }
    }

    /** Goes to the next record; after {@link Position#AT}, {@link #record} is it. Never {@link Position#MISSING}: what is missing is passed over. */
    Position seek() {
        while (lane >= 0) {
            next = lanes[lane].backlog().cursor().nextUnsettled(next);
            if (next >= ends[lane]) {
                toNextLane();
                continue;
            }
            LogReader open = reader();
            switch (open.seek(next)) {
                case AT -> {
                    if (open.record().offset() == next) {
                        return Position.AT;
                    }
                    next = open.record().offset();
                }
                case MISSING -> next = open.missingBelow();
                case PENDING -> {
                    return Position.PENDING;
                }
                case END -> toNextLane();
                case FAILED -> {
                    return Position.FAILED;
                }
            }
        }
        return Position.END;
    }

    private LogReader reader() {
        LogReader open = reader;
        if (open == null) {
            open = new LogReader(lanes[lane].log(), readable);
            reader = open;
        }
        return open;
    }

    private void toNextLane() {
        close();
        lane--;
        next = 0;
    }

    /** Valid after {@link Position#AT} until the next call of any method. */
    RecordCursor record() {
        return reader().record();
    }

    /** The lane of {@link #record}. */
    Lane lane() {
        return lanes[lane];
    }

    /** The next {@link #seek} goes on behind the present record. */
    void pass() {
        if (!isAgain()) {
            furthestLane = lane;
            furthestNext = next + 1;
        }
        next++;
    }

    /** Whether the present record was passed before. */
    boolean isAgain() {
        return lane > furthestLane || (lane == furthestLane && next < furthestNext);
    }

    /** The next {@link #seek} begins there, if that is before where it would. */
    void rewind(Lane to, long offset) {
        if (to.index() > lane) {
            close();
            lane = to.index();
            next = offset;
        } else if (to.index() == lane) {
            next = Math.min(next, offset);
        }
    }

    /** Where the next {@link #seek} begins; null behind the last record. */
    @Nullable
    RecordPosition position() {
        return lane < 0 ? null : new RecordPosition(lane, next);
    }

    /** Why the last {@link #seek} said {@link Position#FAILED}; the next one reads anew. */
    StorageException takeFailure() {
        LogReader open = reader();
        StorageException failure = open.failure();
        if (failure == null) {
            throw new IllegalStateException("no failure");
        }
        open.retry();
        return failure;
    }

    /** Gives back the memory that is held; a later {@link #seek} reads anew. */
    @Override
    public void close() {
        if (reader != null) {
            reader.close();
            reader = null;
        }
    }
}
