package dev.sluice.broker;

import dev.sluice.broker.Binding.Destination;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * Starts changes of the topology in the order in which they were asked for, and as many at the same time as do not touch what another one alters: so they share writes to the metadata. One that has to wait is not overtaken. Confined to
 * the first shard.
 */
final class ChangeOrder {
    /** So many changes are on their way at the same time. */
    static final int MOST_RUNNING = 1024;

    /**
     * What a change touches: exchanges and queues as {@link Destination}, bindings, numbers of connections.
     *
     * @param relied things that have to stay as they are meanwhile
     * @param altered things that nobody else may touch meanwhile
     */
    record Claims(List<?> relied, List<?> altered) {
        static Claims altering(Object... things) {
            return new Claims(List.of(), List.of(things));
        }
    }

    private record Change(Supplier<Claims> claims, Supplier<CompletableFuture<?>> operation) {}

    private final Executor home;
    private final ArrayDeque<Change> waiting = new ArrayDeque<>();
    private final Map<Object, Integer> relied = new HashMap<>();
    private final Set<Object> altered = new HashSet<>();
    private final List<CompletableFuture<Void>> finishing = new ArrayList<>();
    private int running;

    ChangeOrder(Executor home) {
        this.home = home;
    }

    /**
     * Starts {@code operation} when its turn has come.
     *
     * @param claims asked whenever the change might start, and right for that moment if what it names is free
     * @param operation completes, on any thread, when everything it touches may be touched by others; it must not throw
     */
    void add(Supplier<Claims> claims, Supplier<CompletableFuture<?>> operation) {
        waiting.addLast(new Change(claims, operation));
        startWaiting();
    }

    /** As {@link #add}, but ahead of all that wait, and to be called by a change that has not ended: it starts after that. */
    void addFirst(Supplier<Claims> claims, Supplier<CompletableFuture<?>> operation) {
        waiting.addFirst(new Change(claims, operation));
    }

    private void startWaiting() {
        for (Change next = waiting.peekFirst(); next != null && running < MOST_RUNNING; next = waiting.peekFirst()) {
            Claims claims = next.claims.get();
            if (!isFree(claims)) {
                return;
            }
            waiting.removeFirst();
            start(claims, next.operation);
        }
        if (running == 0 && !finishing.isEmpty()) {
            List<CompletableFuture<Void>> finished = List.copyOf(finishing);
            finishing.clear();
            finished.forEach(done -> done.complete(null));
        }
    }

    private void start(Claims claims, Supplier<CompletableFuture<?>> operation) {
        running++;
        claims.relied.forEach(thing -> relied.merge(thing, 1, Integer::sum));
        altered.addAll(claims.altered);
        CompletableFuture<?> changing = operation.get();
        if (changing.isDone()) {
            end(claims);
            return;
        }
        var _ = changing.whenCompleteAsync(
                (value, failure) -> {
                    end(claims);
                    startWaiting();
                },
                home);
    }

    private void end(Claims claims) {
        running--;
        claims.relied.forEach(thing -> relied.computeIfPresent(thing, (t, users) -> users == 1 ? null : users - 1));
        claims.altered.forEach(altered::remove);
    }

    private boolean isFree(Claims claims) {
        for (Object thing : claims.relied) {
            if (altered.contains(thing)) {
                return false;
            }
        }
        for (Object thing : claims.altered) {
            if (altered.contains(thing) || relied.containsKey(thing)) {
                return false;
            }
        }
        return true;
    }

    /** Completes when no change runs or waits any more. */
    CompletableFuture<Void> finish() {
        var finished = new CompletableFuture<Void>();
        finishing.add(finished);
        startWaiting();
        return finished;
    }
}
