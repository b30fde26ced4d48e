package dev.sluice.log;

/**
 * Immutable. The bytes of a record batch contradict themselves: a length that leaves the batch, a count that does not
 * come true. Reading them again gives the same; the message says where and what was found.
 */
public final class CorruptRecordException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public CorruptRecordException(String message) {
        super(message);
    }
}
