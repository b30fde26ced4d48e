package dev.sluice.log;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Changes the chain of one log in the metadata, one compare-and-set at a time; changes that come meanwhile go together with
 * the next. Confined to the log's owner thread.
 */
final class ChainUpdates {
    private static final Logger LOG = LoggerFactory.getLogger(ChainUpdates.class);
    private static final long RETRY_MS = 500;

    private record Update(UnaryOperator<SegmentChain> change, Runnable done) {}

    private final LogId id;
    private final StorageNode node;
    private final OwnerLane lane;
    private final Consumer<StorageException> onLost;
    private SegmentChain chain;
    private long records;
    private long version;
    private List<Update> waiting = new ArrayList<>(0);
    private boolean isRunning;
    private boolean isLost;

    ChainUpdates(
            LogId id,
            StorageNode node,
            OwnerLane lane,
            SegmentChain chain,
            long version,
            Consumer<StorageException> onLost) {
        this.id = id;
        this.node = node;
        this.lane = lane;
        this.chain = chain;
        this.records = chain.records();
        this.version = version;
        this.onLost = onLost;
    }

    /** The chain as it is durable. */
    SegmentChain chain() {
        return chain;
    }

    /** How many records the segments of {@link #chain} have; kept, so that asking does not walk them. */
    long records() {
        return records;
    }

    boolean isIdle() {
        return isLost || (!isRunning && waiting.isEmpty());
    }

    /** Applies the change to whatever the chain is by then; runs {@code done} when it is durable and {@link #chain} has it. */
    void submit(UnaryOperator<SegmentChain> change, Runnable done) {
        waiting.add(new Update(change, done));
        if (!isRunning && !isLost) {
            start();
        }
    }

    private void start() {
        isRunning = true;
        List<Update> batch = waiting;
        waiting = new ArrayList<>(0);
        SegmentChain next = chain;
        for (Update update : batch) {
            next = update.change.apply(next);
        }
        SegmentChain wanted = next;
        var _ = node.metadata()
                .put(SegmentChain.key(id), wanted.encode(), version)
                .whenComplete(
                        (newVersion, failure) -> lane.execute(() -> completed(batch, wanted, newVersion, failure)));
    }

    private void completed(
            List<Update> batch, SegmentChain wanted, @Nullable Long newVersion, @Nullable Throwable failure) {
        isRunning = false;
        if (newVersion != null) {
            chain = wanted;
            records = wanted.records();
            version = newVersion;
            batch.forEach(update -> update.done.run());
            if (!waiting.isEmpty() && !isRunning) {
                start();
            }
            return;
        }
        Throwable cause = failure instanceof CompletionException wrapped ? wrapped.getCause() : failure;
        if (cause instanceof StorageException known && known.kind() == StorageException.Kind.UNAVAILABLE) {
            LOG.warn("The chain of log {} could not be written and will be tried again: {}", id, known.getMessage());
            List<Update> again = new ArrayList<>(batch);
            again.addAll(waiting);
            waiting = again;
            isRunning = true; // until the retry
            node.threads().schedule(RETRY_MS, () -> lane.execute(this::start));
            return;
        }
        isLost = true;
        if (cause instanceof StorageException known && known.kind() == StorageException.Kind.CONFLICT) {
            onLost.accept(new StorageException(
                    StorageException.Kind.FENCED, "log " + id + " was taken over by a newer epoch", cause));
        }
    }
}
