package dev.sluice.broker;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies the records that a transaction rejects to where the dead letter exchanges of their queues lead, so that they move with the transaction. One after the other, since some have to be read from the storage. Confined to the
 * shard of the queues.
 */
final class TransactionLetters {
    private static final Logger LOG = LoggerFactory.getLogger(TransactionLetters.class);

    private final PartitionWrites writes = new PartitionWrites();
    private final ArrayDeque<Claim> rejected = new ArrayDeque<>();
    private final Consumer<@Nullable Refusal> done;
    private @Nullable Lane lane;
    private @Nullable LogReader reader;

    /** {@code done} is told once whether all could be read. */
    TransactionLetters(Collection<Claim> claims, Consumer<@Nullable Refusal> done) {
        this.done = done;
        for (Claim claim : claims) {
            if (claim.settlement == Settlement.REJECT
                    && claim.consumer.source().settling().deadLetters() != null) {
                rejected.add(claim);
            }
        }
    }

    PartitionWrites writes() {
        return writes;
    }

    /** Goes on until it has to wait for the storage, which calls again. */
    void run() {
        for (Claim next = rejected.peekFirst(); next != null; next = rejected.peekFirst()) {
            Queue queue = next.consumer.source();
            if (queue.isDeleted()) {
                rejected.removeFirst();
                continue;
            }
            Lane itsLane = queue.lanes()[DeliveryId.lane(next.delivery)];
            LogReader itsReader = readerOf(itsLane);
            switch (itsReader.seek(next.offset())) {
                case AT, MISSING -> {
                    next.deadLetterQueues = copy(next, queue, itsLane, itsReader);
                    rejected.removeFirst();
                }
                case PENDING, END -> {
                    return;
                }
                case FAILED -> {
                    String reason = String.valueOf(
                            Objects.requireNonNull(itsReader.failure()).getMessage());
                    rejected.clear();
                    end(new Refusal(Refusal.Reason.STORAGE, queue.name(), reason));
                    return;
                }
            }
        }
        end(null);
    }

    private int copy(Claim claim, Queue queue, Lane itsLane, LogReader itsReader) {
        boolean isThere = itsReader.seek(claim.offset()) == LogReader.Position.AT
                && itsReader.record().offset() == claim.offset();
        if (!isThere) {
            LOG.error("queue {}: record {} is missing in storage and was passed over", queue.name(), claim.offset());
            return 0;
        }
        DeadLetters deadLetters = queue.settling().deadLetters();
        return deadLetters == null ? 0 : deadLetters.copyRejected(itsLane, itsReader.record(), writes);
    }

    @SuppressWarnings("ReferenceEquality") // there is one object for each lane
    private LogReader readerOf(Lane itsLane) {
        LogReader open = reader;
        if (open == null || lane != itsLane) {
            closeReader();
            open = new LogReader(itsLane.log(), this::run);
            lane = itsLane;
            reader = open;
        }
        return open;
    }

    private void end(@Nullable Refusal refusal) {
        closeReader();
        done.accept(refusal);
    }

    private void closeReader() {
        if (reader != null) {
            reader.close();
            reader = null;
        }
    }
}
