package dev.sluice.broker;

import dev.sluice.broker.LogReader.Position;
import dev.sluice.broker.PeekedRecord.State;
import dev.sluice.log.OffsetSet;
import dev.sluice.log.RecordCursor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** One look at what a queue stores, a bounded part in each turn. It changes nothing. Confined to the queue's shard, but for the future. */
final class Peek {
    /** Records looked at in one turn. */
    static final int MOST_PER_TURN = 256;
    /** Records looked at for one page. Who wants to see more asks for the next one. */
    static final int MOST_PER_PAGE = 100_000;
    /** A page ends when its records take more. */
    static final int MOST_BYTES = 4 << 20;

    private final Queue queue;
    private final PeekRequest request;
    private final CompletableFuture<PeekPage> answer = new CompletableFuture<>();
    private final QueueScan scan;
    private final List<PeekedRecord> found = new ArrayList<>();
    private long looked;
    private long bytes;

    Peek(Queue queue, PeekRequest request) {
        this.queue = queue;
        this.request = request;
        this.scan = new QueueScan(queue, request.from(), this::step);
    }

    /** Completes on the queue's shard. */
    CompletableFuture<PeekPage> answer() {
        return answer;
    }

    /** Looks at the next records. */
    void step() {
        if (answer.isDone()) {
            return;
        }
        int firstOfTurn = found.size();
        for (int i = 0; i < MOST_PER_TURN; i++) {
            Position position = isEnough() ? Position.END : scan.seek();
            if (position == Position.AT) {
                look();
                continue;
            }
            tellWhatIsHeldBack(firstOfTurn);
            switch (position) {
                case END -> end(new PeekPage(found, looked, scan.position()));
                case FAILED ->
                    fail(new Refusal(
                            Refusal.Reason.STORAGE,
                            queue.name(),
                            String.valueOf(scan.takeFailure().getMessage())));
                case PENDING, AT, MISSING -> {}
            }
            return;
        }
        tellWhatIsHeldBack(firstOfTurn);
        queue.shard().execute(this::step);
    }

    private boolean isEnough() {
        return found.size() == request.most() || looked == MOST_PER_PAGE || bytes >= MOST_BYTES;
    }

    private void look() {
        RecordCursor record = scan.record();
        looked++;
        if (request.filter().matches(record)) {
            found.add(PeekedRecord.copyOf(
                    scan.lane(), record, request.bodyBytes(), queue.home().turnTimeMs()));
            bytes += record.headersLength() + Math.min(request.bodyBytes(), Math.max(0, record.valueLength()));
        }
        scan.pass();
    }

    /** Finding out whether a record that is not ready is held back takes a look at all that is, and so is done for all records of a turn at once. */
    private void tellWhatIsHeldBack(int firstOfTurn) {
        for (int from = firstOfTurn; from < found.size(); ) {
            Lane lane = queue.lanes()[found.get(from).position().priority()];
            int to = from;
            var inDoubt = new OffsetSet();
            for (; to < found.size() && found.get(to).position().priority() == lane.index(); to++) {
                if (found.get(to).state() == State.IN_FLIGHT) {
                    inDoubt.add(
                            found.get(to).position().offset(),
                            found.get(to).position().offset());
                }
            }
            OffsetSet held = lane.heldBack().among(inDoubt);
            for (int i = from; i < to; i++) {
                if (held.contains(found.get(i).position().offset())) {
                    found.set(i, found.get(i).as(State.HELD_BACK));
                }
            }
            from = to;
        }
    }

    private void end(PeekPage page) {
        scan.close();
        answer.complete(page);
    }

    /** The queue is gone, or the broker stops, or it cannot be read. */
    void fail(Refusal refusal) {
        scan.close();
        answer.completeExceptionally(new BrokerException(refusal));
    }
}
