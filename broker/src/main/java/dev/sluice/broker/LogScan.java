package dev.sluice.broker;

import dev.sluice.log.PartitionLog;
import dev.sluice.log.RecordCursor;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** Shows every durable record of a log to a visitor, in order. Confined to the log's owner. */
final class LogScan {
    private final Consumer<RecordCursor> visitor;
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private final LogReader reader;
    private long next;

    private LogScan(PartitionLog log, long from, Consumer<RecordCursor> visitor) {
        this.visitor = visitor;
        this.reader = new LogReader(log, this::advance);
        this.next = Math.max(from, log.startOffset());
    }

    /** Completes on the owner when the last record that is durable was shown. */
    static CompletableFuture<Void> run(PartitionLog log, Consumer<RecordCursor> visitor) {
        return run(log, 0, visitor);
    }

    /** As {@link #run(PartitionLog, Consumer)}, for records from that offset on. */
    static CompletableFuture<Void> run(PartitionLog log, long from, Consumer<RecordCursor> visitor) {
        var scan = new LogScan(log, from, visitor);
        scan.advance();
        return scan.done;
    }

    private void advance() {
        if (done.isDone()) {
            return;
        }
        try {
            while (true) {
                switch (reader.seek(next)) {
                    case AT -> {
                        visitor.accept(reader.record());
                        next = reader.record().offset() + 1;
                    }
                    case MISSING -> next = reader.missingBelow();
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
