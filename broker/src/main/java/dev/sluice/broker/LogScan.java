package dev.sluice.broker;

import dev.sluice.log.CorruptRecordException;
import dev.sluice.log.PartitionLog;
import dev.sluice.log.RecordCursor;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.LongUnaryOperator;

/** Shows every durable record of a log, or those that are wanted, to a visitor, in order. Confined to the log's owner. */
final class LogScan {
    private final Consumer<RecordCursor> visitor;
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private final LongUnaryOperator nextWanted;
    private final boolean passesOverDamage;
    private final LogReader reader;
    private long next;

    private LogScan(
            PartitionLog log, LongUnaryOperator nextWanted, boolean passesOverDamage, Consumer<RecordCursor> visitor) {
        this.passesOverDamage = passesOverDamage;
        this.visitor = visitor;
        this.nextWanted = nextWanted;
        this.reader = new LogReader(log, this::advance);
        this.next = log.startOffset();
    }

    /** Of a log of the broker's own; completes on the owner when the last record that is durable was shown, and fails if one cannot be made out. */
    static CompletableFuture<Void> run(PartitionLog log, Consumer<RecordCursor> visitor) {
        return begin(new LogScan(log, LongUnaryOperator.identity(), false, visitor));
    }

    /**
     * As {@link #run(PartitionLog, Consumer)}, of a log that others wrote to, without reading what is not wanted and without what cannot be made out. {@code nextWanted} gives for an offset the first one from it on that is; where the log has a gap, the
     * visitor gets the record behind it all the same.
     */
    static CompletableFuture<Void> run(PartitionLog log, LongUnaryOperator nextWanted, Consumer<RecordCursor> visitor) {
        return begin(new LogScan(log, nextWanted, true, visitor));
    }

    private static CompletableFuture<Void> begin(LogScan scan) {
        scan.advance();
        return scan.done;
    }

    private void advance() {
        if (done.isDone()) {
            return;
        }
        try {
            while (true) {
                next = nextWanted.applyAsLong(next);
                switch (reader.seek(next)) {
                    case AT -> {
                        visitor.accept(reader.record());
                        next = reader.record().offset() + 1;
                    }
                    case MISSING -> {
                        CorruptRecordException damage = reader.damage();
                        if (damage != null && !passesOverDamage) {
                            throw damage;
                        }
                        next = reader.missingBelow();
                    }
                    case PENDING -> {
                        return;
                    }
                    case END -> {
                        reader.close();
                        done.complete(null);
                        return;
                    }
                    case FAILED -> {
                        reader.close();
                        done.completeExceptionally(reader.failure());
                        return;
                    }
                }
            }
        } catch (RuntimeException damaged) {
            reader.close();
            done.completeExceptionally(damaged);
        }
    }
}
