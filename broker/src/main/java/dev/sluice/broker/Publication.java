package dev.sluice.broker;

import java.util.concurrent.CompletableFuture;

/** One message of the embedded API on its way into its queues. Confined to the shard, but for the future. */
final class Publication implements ConfirmSink {
    private final CompletableFuture<Integer> future = new CompletableFuture<>();
    private final Runnable ended;
    private int queues;
    private int missing;

    Publication(Runnable ended) {
        this.ended = ended;
    }

    CompletableFuture<Integer> future() {
        return future;
    }

    void expect(int queueCount) {
        queues = queueCount;
        missing = queueCount;
        if (missing == 0) {
            end(null);
        }
    }

    @Override
    public void stored(long firstSequence, long lastSequence) {
        if (--missing == 0) {
            end(null);
        }
    }

    @Override
    public void refused(long firstSequence, long lastSequence, Refusal refusal) {
        failed(new BrokerException(refusal));
    }

    void failed(RuntimeException cause) {
        missing = 0;
        end(cause);
    }

    private void end(@org.jspecify.annotations.Nullable RuntimeException failure) {
        if (future.isDone()) {
            return;
        }
        ended.run();
        if (failure == null) {
            future.complete(queues);
        } else {
            future.completeExceptionally(failure);
        }
    }
}
