package dev.sluice.broker;

import java.util.Arrays;
import java.util.List;

/**
 * Something that happened to a record of a queue with a {@linkplain QueueProperty#STORY story}. Immutable.
 *
 * @param timeMs when, in milliseconds since 1970
 * @param position of the record in the queue
 * @param consumer of {@link Kind#DELIVERED}: the number of the consumer, in the order in which those of the queue have subscribed since the broker was started; {@value #BY_GET} for who asked for one record
 * @param deliveryCount of {@link Kind#DELIVERED}: how often the record had come back before
 * @param names of {@link Kind#STORED}: exchange, routing key, key and message id, each empty where there is none, and at most {@value StoryNote#MOST_TEXT_BYTES} bytes of each; of {@link Kind#DEAD_LETTERED}, {@link Kind#MOVED} and {@link
 *     Kind#COPIED}: the queues that got it, at most {@value StoryNote#MOST_TEXTS}
 */
public record StoryEvent(
        Kind kind, long timeMs, RecordPosition position, long consumer, int deliveryCount, List<String> names) {
    /** Stands for who subscribed to nothing and asked for one record. */
    public static final long BY_GET = -1;

    /** What happened. The codes are stored. */
    public enum Kind {
        STORED(1, "stored"),
        DELIVERED(2, "delivered"),
        ACKED(3, "acknowledged"),
        REJECTED(4, "rejected"),
        /** Its consumer gave it back. */
        RELEASED(5, "released"),
        /** Its consumer did not settle it in time. */
        LEASE_OVER(6, "not settled in time"),
        /** Its consumer is gone, and had not settled it. */
        CONSUMER_GONE(7, "its consumer went away"),
        EXPIRED(8, "expired"),
        DROPPED_AT_LIMIT(9, "dropped at the queue's limit"),
        /** It came back too often. */
        DELIVERY_LIMIT(10, "came back too often"),
        PURGED(11, "purged"),
        /** It arrived where dead letters go; without names: the exchange led nowhere, and it was dropped. */
        DEAD_LETTERED(12, "dead-lettered"),
        /** An operator moved it. */
        MOVED(13, "moved"),
        /** An operator copied it; it stays. */
        COPIED(14, "copied");

        private final int code;
        private final String words;

        Kind(int code, String words) {
            this.code = code;
            this.words = words;
        }

        /** For people. */
        public String words() {
            return words;
        }

        int code() {
            return code;
        }

        static Kind of(int code) {
            return Arrays.stream(values())
                    .filter(kind -> kind.code == code)
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException("no story has events of kind " + code));
        }

        static Kind of(DeathReason reason) {
            return switch (reason) {
                case EXPIRED -> EXPIRED;
                case REJECTED -> REJECTED;
                case LENGTH_LIMIT -> DROPPED_AT_LIMIT;
                case DELIVERY_LIMIT -> DELIVERY_LIMIT;
            };
        }

        /** Whether nobody has the record any more, nor gets it. */
        boolean isEnd() {
            return switch (this) {
                case ACKED, REJECTED, EXPIRED, DROPPED_AT_LIMIT, DELIVERY_LIMIT, PURGED, DEAD_LETTERED, MOVED -> true;
                case STORED, DELIVERED, RELEASED, LEASE_OVER, CONSUMER_GONE, COPIED -> false;
            };
        }
    }

    public StoryEvent {
        names = List.copyOf(names);
    }
}
