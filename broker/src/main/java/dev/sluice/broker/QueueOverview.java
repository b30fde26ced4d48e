package dev.sluice.broker;

import org.jspecify.annotations.Nullable;

/**
 * A queue, a topic or a subscription of one, as an operator sees it. Immutable.
 *
 * @param statistics all zero if it is unavailable
 * @param consumers subscribed consumers
 * @param unavailable why it can only be deleted; null if it is in order
 * @param transfer the transfer of its records that goes on, or the last one since the broker was started; null if there was none
 */
public record QueueOverview(
        QueueSpec spec,
        QueueStatistics statistics,
        int consumers,
        @Nullable String unavailable,
        @Nullable TransferProgress transfer) {}
