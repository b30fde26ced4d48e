package dev.sluice.broker;

import dev.sluice.log.RecordCursor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The moves that are being filled with records of one queue: those of one lane that go to the same queues share one. Confined to the queue's shard. */
final class MoveBatches<R extends MovedRecord> {
    private static final int BATCH_BYTES = 1 << 20;

    private final Queue queue;
    private final RecordMove.Owner<R> owner;
    private final Map<Way, RecordMove<R>> filling = new LinkedHashMap<>();

    /** {@code partitions}: in each target. */
    private record Way(int lane, boolean isToSettle, List<Queue> targets, List<Integer> partitions) {}

    MoveBatches(Queue queue, RecordMove.Owner<R> owner) {
        this.queue = queue;
        this.owner = owner;
    }

    /** Adds what is known of the record to a move, to whose batch the caller writes it; a full one is sent before. */
    RecordMove<R> add(Lane lane, R moved, RecordCursor record, List<Queue> targets) {
        List<Integer> partitions = targets.stream()
                .map(target -> target.partitionOf(lane.index(), record))
                .toList();
        var way = new Way(lane.index(), moved.isToSettle(), targets, partitions);
        RecordMove<R> move = filling.get(way);
        if (move != null && move.batch().sizeInBytes() >= BATCH_BYTES) {
            filling.remove(way);
            move.start(queue.isPersistent());
            move = null;
        }
        if (move == null) {
            move = new RecordMove<>(owner, queue.home(), lane, targets, partitions);
            filling.put(way, move);
        }
        move.records.add(moved);
        return move;
    }

    /** Sends what there is. */
    void start() {
        if (filling.isEmpty()) {
            return;
        }
        var moves = List.copyOf(filling.values());
        filling.clear();
        moves.forEach(move -> move.start(queue.isPersistent()));
    }

    /** Lets go of what was not sent, and returns it. */
    List<R> discard() {
        var records = new ArrayList<R>();
        filling.values().forEach(move -> {
            records.addAll(move.records);
            move.discard();
        });
        filling.clear();
        return records;
    }
}
