package dev.sluice.broker;

import java.util.List;

/**
 * How far a transfer has come. Immutable.
 *
 * @param reason why it waits or has failed, for people; empty otherwise
 * @param seen records that it looked at, ready or not
 * @param done records that arrived, or were dropped; in a dry run those that would be
 * @param left records that are meant and stay, since there is no queue for them: they are no dead letters, or the exchange leads nowhere
 * @param refused records that a queue did not take at once; they were, or will be, tried again
 * @param startedMs in milliseconds since 1970
 * @param endedMs 0 while it goes on
 * @param first in a dry run the first records that would go, as they are
 */
public record TransferProgress(
        String queue,
        TransferRequest request,
        State state,
        String reason,
        long seen,
        long done,
        long left,
        long refused,
        long startedMs,
        long endedMs,
        List<PeekedRecord> first) {
    /** Where it stands. */
    public enum State {
        RUNNING,
        /** It tries again by itself. */
        WAITING,
        /** Nothing that is meant is left, or as many have gone as were to go. */
        DONE,
        /** Somebody has stopped it, or the broker was stopped. */
        STOPPED,
        /** It cannot go on. */
        FAILED;

        public boolean isOver() {
            return switch (this) {
                case RUNNING, WAITING -> false;
                case DONE, STOPPED, FAILED -> true;
            };
        }
    }

    public TransferProgress {
        first = List.copyOf(first);
    }
}
