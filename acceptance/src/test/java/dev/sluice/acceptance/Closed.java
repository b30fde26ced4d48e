package dev.sluice.acceptance;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.ShutdownNotifier;
import com.rabbitmq.client.ShutdownSignalException;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Why the broker closed a channel or a connection: the code and the text that it sent. Immutable. */
record Closed(Scope scope, int code, String text) {
    private static final int LIMIT_SECONDS = 10;

    enum Scope {
        CHANNEL,
        CONNECTION
    }

    static Closed channel(int code, String text) {
        return new Closed(Scope.CHANNEL, code, text);
    }

    static Closed connection(int code, String text) {
        return new Closed(Scope.CONNECTION, code, text);
    }

    /** Code and text, where it does not matter whether more than the channel is closed. */
    String reason() {
        return code + " " + text;
    }

    /** Calls the broker and tells how it closed the channel or connection instead of answering. */
    static Closed by(Callable<?> call) {
        try {
            call.call();
        } catch (Exception e) {
            return of(signal(e).orElseThrow(() -> new AssertionError("not closed by the broker", e)));
        }
        throw new AssertionError("the broker was expected to close the channel or the connection");
    }

    /** Waits until the broker has closed this channel or connection. */
    static Closed of(ShutdownNotifier notifier) throws Exception {
        CompletableFuture<ShutdownSignalException> signal = new CompletableFuture<>();
        notifier.addShutdownListener(signal::complete);
        return of(signal.get(LIMIT_SECONDS, TimeUnit.SECONDS));
    }

    private static Closed of(ShutdownSignalException signal) {
        return switch (signal.getReason()) {
            case AMQP.Channel.Close close -> channel(close.getReplyCode(), close.getReplyText());
            case AMQP.Connection.Close close -> connection(close.getReplyCode(), close.getReplyText());
            case null, default -> throw new AssertionError("closed without a reason from the broker", signal);
        };
    }

    private static Optional<ShutdownSignalException> signal(@Nullable Throwable thrown) {
        return switch (thrown) {
            case null -> Optional.empty();
            case ShutdownSignalException signal -> Optional.of(signal);
            default -> signal(thrown.getCause());
        };
    }
}
