package dev.sluice.kafka;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** One part of an administrator's request cannot be done. The message is for people. */
final class AdminError extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final Errors error;

    AdminError(Errors error, @Nullable String message) {
        super(message, null, false, false);
        this.error = error;
    }

    Errors error() {
        return error;
    }
}
