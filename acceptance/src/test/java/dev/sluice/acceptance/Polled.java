package dev.sluice.acceptance;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Waits for what a broker does in its own time, above all for what a consumer's polls return. Not instantiable. */
final class Polled {
    /** How long to wait for what must come. */
    private static final Duration LIMIT = Duration.ofSeconds(20);

    /** As many are shown when there are too many or too few. */
    private static final int SHOWN = 5;

    private static final long PAUSE_NS = Duration.ofMillis(10).toNanos();
    private static final Duration ONE_POLL = Duration.ofMillis(100);
    /** How long to wait for what must not come. */
    private static final Duration QUIET = Duration.ofMillis(300);

    private Polled() {}

    /** Exactly this many records, in the order in which they came. */
    static <K, V> List<ConsumerRecord<K, V>> records(Consumer<K, V> consumer, int count) {
        List<ConsumerRecord<K, V>> records = until(consumer, polled -> polled.size() >= count);
        if (records.size() > count) {
            throw new AssertionError(
                    "expected " + count + " records, got " + records.size() + ": " + shortened(records));
        }
        return records;
    }

    static <K, V> List<V> values(Consumer<K, V> consumer, int count) {
        return records(consumer, count).stream().map(ConsumerRecord::value).toList();
    }

    /** Polls until what came is enough. */
    static <K, V> List<ConsumerRecord<K, V>> until(
            Consumer<K, V> consumer, Predicate<List<ConsumerRecord<K, V>>> enough) {
        List<ConsumerRecord<K, V>> records = new ArrayList<>();
        long deadlineNs = System.nanoTime() + LIMIT.toNanos();
        while (!enough.test(records)) {
            if (System.nanoTime() > deadlineNs) {
                throw new AssertionError(
                        "not enough within " + LIMIT + ": " + records.size() + " records: " + shortened(records));
            }
            consumer.poll(ONE_POLL).forEach(records::add);
        }
        return records;
    }

    private static String shortened(List<?> records) {
        return records.subList(0, Math.min(SHOWN, records.size())).toString();
    }

    /** Asks again and again until the answer is yes. */
    static void until(BooleanSupplier condition) {
        long deadlineNs = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadlineNs) {
                throw new AssertionError("not so within " + LIMIT);
            }
            LockSupport.parkNanos(PAUSE_NS);
        }
    }

    /** What comes within the time in which nothing must come. */
    static <K, V> List<ConsumerRecord<K, V>> quiet(Consumer<K, V> consumer) {
        List<ConsumerRecord<K, V>> records = new ArrayList<>();
        consumer.poll(QUIET).forEach(records::add);
        return records;
    }
}
