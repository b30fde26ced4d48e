package dev.sluice.log;

import org.jspecify.annotations.Nullable;

/**
 * Storage could not do what was asked. The message says what was found, where, and what helps, for an operator to read.
 * Immutable.
 */
public class StorageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What went wrong, as far as a caller has to know. */
    public enum Kind {
        /** Another process, or another owner in this one, holds it. */
        BUSY,
        /** The device is full or refuses I/O; the same call may succeed later. */
        UNAVAILABLE,
        /** Bytes on disk are not what was written. No retry helps. */
        CORRUPT,
        /** A newer epoch took the log over; this owner must let go. */
        FENCED,
        /** The metadata key was not at the expected version. */
        CONFLICT,
        /** It was closed or deleted. */
        CLOSED
    }

    private final Kind kind;

    public StorageException(Kind kind, String message) {
        this(kind, message, null);
    }

    public StorageException(Kind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }

    /** Whether the same call can succeed later without anybody repairing anything. */
    public boolean isRetryable() {
        return kind == Kind.BUSY || kind == Kind.UNAVAILABLE;
    }
}
