package dev.sluice.broker;

import dev.sluice.broker.Binding.Destination;
import dev.sluice.broker.ChangeOrder.Claims;
import dev.sluice.broker.Outcome.Reply;
import dev.sluice.broker.Refusal.Reason;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What all changes of the topology need: their turn, the store, and the ears of all shards. Confined to the first shard. */
final class ChangeRunner {
    private static final Logger LOG = LoggerFactory.getLogger(ChangeRunner.class);

    private final BrokerShard home;
    private final TopologyBroadcast broadcast;
    private final TopologyStore store;
    private final ChangeOrder order;

    ChangeRunner(List<BrokerShard> shards, TopologyStore store) {
        this.home = shards.getFirst();
        this.broadcast = new TopologyBroadcast(shards);
        this.order = new ChangeOrder(home.shard());
        this.store = store;
    }

    Shard shard() {
        return home.shard();
    }

    Topology topology() {
        return home.topology();
    }

    TopologyStore store() {
        return store;
    }

    /** Every shard knows the change when the future completes, on this shard. */
    CompletableFuture<Void> broadcast(TopologyChange change) {
        return broadcast.send(change);
    }

    /** As {@link #broadcast(TopologyChange)}, after {@code before}, about which nobody asks. */
    CompletableFuture<Void> broadcast(List<? extends TopologyChange> before, TopologyChange change) {
        return broadcast.send(before, change);
    }

    /**
     * Runs {@code operation} when its turn has come. Whatever goes wrong in it is its caller's refusal and nobody else's.
     *
     * @param subject what it changes, for people; may be empty
     */
    <T> void submit(Reply<T> reply, String subject, Supplier<Claims> claims, Supplier<CompletableFuture<?>> operation) {
        home.shard().assertOwner();
        order.add(claims, guarded(reply, subject, operation));
    }

    /** As {@link #submit}, ahead of all that wait, and to be called by a change that has not ended. */
    <T> void submitFirst(
            Reply<T> reply, String subject, Supplier<Claims> claims, Supplier<CompletableFuture<?>> operation) {
        order.addFirst(claims, guarded(reply, subject, operation));
    }

    private static <T> Supplier<CompletableFuture<?>> guarded(
            Reply<T> reply, String subject, Supplier<CompletableFuture<?>> operation) {
        return () -> start(operation).exceptionally(failure -> {
            Throwable cause = failure.getCause() == null ? failure : failure.getCause();
            LOG.error("a change of {} failed", subject.isEmpty() ? "the topology" : subject, cause);
            reply.on(Outcome.refused(Reason.STORAGE, subject, String.valueOf(cause.getMessage())));
            return null;
        });
    }

    private static CompletableFuture<Object> start(Supplier<CompletableFuture<?>> operation) {
        try {
            return operation.get().thenApply(value -> value);
        } catch (RuntimeException failure) {
            return CompletableFuture.failedFuture(failure);
        }
    }

    /** Completes when every change asked for so far has been made or refused. */
    CompletableFuture<Void> finish() {
        return order.finish();
    }

    static Destination queue(String name) {
        return new Destination.ToQueue(name);
    }

    static Destination exchange(String name) {
        return new Destination.ToExchange(name);
    }

    static Supplier<Claims> altering(Destination thing) {
        Claims claims = Claims.altering(thing);
        return () -> claims;
    }

    static CompletableFuture<Void> all(List<? extends CompletableFuture<?>> futures) {
        return CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new));
    }

    @SuppressWarnings("NullAway") // a future of Void completes with null and nothing else
    static <T> CompletableFuture<T> done() {
        return CompletableFuture.completedFuture(null);
    }

    /** What a declaration and what is there differ in; null if they do not. */
    static @Nullable String different(String property, @Nullable Object received, @Nullable Object current) {
        return Objects.equals(received, current) ? null : property + "|" + received + "|" + current;
    }

    static @Nullable String firstOf(@Nullable String... differences) {
        for (String difference : differences) {
            if (difference != null) {
                return difference;
            }
        }
        return null;
    }
}
