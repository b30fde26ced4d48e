package dev.sluice.acceptance;

import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waits for what a client asked the broker for. Not instantiable. */
final class Answer {
    private static final int LIMIT_SECONDS = 20;

    private Answer() {}

    /** The result; fails where the client's future fails. */
    static <T> T of(Future<T> future) {
        try {
            return future.get(LIMIT_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause());
        } catch (TimeoutException e) {
            throw new AssertionError("no answer within " + LIMIT_SECONDS + " s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** The result for one of the things that the client asked for. */
    static <K, T> T of(Map<K, ? extends Future<T>> futures, K key) {
        return of(Objects.requireNonNull(futures.get(key)));
    }

    /** The failure of the client's future; fails where that has a result. */
    static Throwable error(Future<?> future) {
        return await(future).orElseThrow(() -> new AssertionError("the broker took it, expected it to refuse"));
    }

    /** Waits for a result or a failure; the failure. */
    static Optional<Throwable> await(Future<?> future) {
        try {
            of(future);
            return Optional.empty();
        } catch (AssertionError e) {
            return Optional.ofNullable(e.getCause());
        }
    }
}
