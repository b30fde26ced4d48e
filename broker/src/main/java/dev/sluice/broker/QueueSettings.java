package dev.sluice.broker;

import dev.sluice.log.Durability;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the owner of a queue chose about it: a value for some of {@link QueueProperty}, defaults for the others. Immutable. The accessors look a value up; whoever needs it for every record keeps it.
 */
public final class QueueSettings {
    /** Stands for "no limit" and "for ever". */
    public static final long UNLIMITED = -1;

    /** How often a record may come back where nobody chose another limit. */
    public static final long DEFAULT_DELIVERY_LIMIT = 20;

    /** The least delay of a retry where nobody chose another. */
    static final long DEFAULT_RETRY_MS = 1_000;

    public static final QueueSettings DEFAULT = new QueueSettings(new EnumMap<>(QueueProperty.class));

    /** What gives way at a queue's limit. */
    public enum Overflow {
        DROP_OLDEST("drop-head"),
        REJECT("reject-publish"),
        /** As {@link #DROP_OLDEST}, which begins with the lowest priority too. */
        DROP_LOWEST_PRIORITY("drop-lowest-priority"),
        /** As {@link #REJECT}, and what was refused goes to the dead letter exchange. */
        REJECT_DEAD_LETTER("reject-publish-dlx"),
        /** Whoever publishes waits; nothing is refused and nothing dropped. */
        BLOCK("block");

        private final String word;

        Overflow(String word) {
            this.word = word;
        }

        /** The value of {@link QueueProperty#OVERFLOW}. */
        public String word() {
            return word;
        }

        /** Whether what comes is refused, and what is there stays. */
        boolean isRefusal() {
            return this == REJECT || this == REJECT_DEAD_LETTER;
        }

        /** Whether what comes is taken, and what is there gives way. */
        boolean isDrop() {
            return this == DROP_OLDEST || this == DROP_LOWEST_PRIORITY;
        }

        static List<String> names() {
            return Arrays.stream(values()).map(Overflow::word).toList();
        }
    }

    /** In which order ready records are served. */
    public enum Ordering {
        /** As they came. */
        FIFO("fifo"),
        /** As they came, but no record while an earlier one of its key is unsettled. */
        KEY("key"),
        /** Those of each key as they came, and the keys in turn, whatever each of them has waiting. */
        FAIR("fair");

        private final String word;

        Ordering(String word) {
            this.word = word;
        }

        /** The value of {@link QueueProperty#ORDERING}. */
        public String word() {
            return word;
        }

        static List<String> words() {
            return Arrays.stream(values()).map(Ordering::word).toList();
        }
    }

    /** Who gets the records of a topic that are consumed under its own name. */
    public enum Readers {
        /** Each consumer gets all of them. */
        EACH("each"),
        /** Consumers compete for them, as for those of a queue; who says where it begins still gets all of them. */
        COMPETE("compete");

        private final String word;

        Readers(String word) {
            this.word = word;
        }

        /** The value of {@link QueueProperty#READERS}. */
        public String word() {
            return word;
        }

        static List<String> words() {
            return Arrays.stream(values()).map(Readers::word).toList();
        }
    }

    private final Map<QueueProperty, Object> values;

    private QueueSettings(Map<QueueProperty, Object> values) {
        this.values = values;
    }

    /**
     * These settings with another value for one property.
     *
     * @param value of the type that the property's kind names; an {@link Integer} counts as a {@link Long}
     * @throws IllegalArgumentException if it is none that the property can have; the message says what was expected
     */
    public QueueSettings with(QueueProperty property, Object value) {
        Object plain = value instanceof Integer number ? (Object) number.longValue() : value;
        String expected = property.problemOf(plain);
        if (expected != null) {
            throw new IllegalArgumentException(
                    "the queue property " + property.propertyName() + " is " + value + ", expected " + expected);
        }
        var changed = new EnumMap<QueueProperty, Object>(QueueProperty.class);
        changed.putAll(values);
        changed.put(property, plain);
        if (plain.equals(DEFAULTS.get(property))) {
            changed.remove(property);
        }
        return new QueueSettings(changed);
    }

    /** These settings with the default for one property. */
    public QueueSettings without(QueueProperty property) {
        var changed = new EnumMap<QueueProperty, Object>(QueueProperty.class);
        changed.putAll(values);
        changed.remove(property);
        return new QueueSettings(changed);
    }

    /** At most so many ready records; what gives way then is said by {@code overflow}. */
    public QueueSettings withMaxLength(long records, Overflow overflow) {
        return with(QueueProperty.MAX_LENGTH, records).with(QueueProperty.OVERFLOW, overflow.word());
    }

    /** What was chosen and differs from the default. */
    public Map<QueueProperty, Object> chosen() {
        return Collections.unmodifiableMap(values);
    }

    /** The value that was chosen; null where the default holds. */
    public @Nullable Object chosen(QueueProperty property) {
        return values.get(property);
    }

    private static final Map<QueueProperty, Object> DEFAULTS = Map.ofEntries(
            Map.entry(QueueProperty.QUEUE_TYPE, QueueSpec.QUEUE),
            Map.entry(QueueProperty.PARTITIONS, 1L),
            Map.entry(QueueProperty.KEEP, TopicKeeping.Keep.ALL.word()),
            Map.entry(QueueProperty.READERS, Readers.EACH.word()),
            Map.entry(QueueProperty.START, StartPosition.NEXT.text()),
            Map.entry(QueueProperty.OVERFLOW, Overflow.DROP_OLDEST.word()),
            Map.entry(QueueProperty.DURABILITY, Durability.SYNC.toString()),
            Map.entry(QueueProperty.MAX_PRIORITY, 0L),
            Map.entry(QueueProperty.SINGLE_ACTIVE_CONSUMER, false),
            Map.entry(QueueProperty.ORDERING, Ordering.FIFO.word()),
            Map.entry(QueueProperty.DELIVERY_LIMIT, DEFAULT_DELIVERY_LIMIT),
            Map.entry(QueueProperty.DELAYED_RETRY_TYPE, RetryDelay.Type.DISABLED.word()),
            Map.entry(QueueProperty.DELAYED_RETRY_MIN, DEFAULT_RETRY_MS));

    /** Whether it is a topic. */
    public boolean isTopic() {
        return QueueSpec.TOPIC.equals(values.get(QueueProperty.QUEUE_TYPE));
    }

    /** Of a topic. */
    public int partitions() {
        return (int) number(QueueProperty.PARTITIONS, 1);
    }

    TopicKeeping.Keep keep() {
        String word = text(QueueProperty.KEEP);
        return word == null ? TopicKeeping.Keep.ALL : TopicKeeping.Keep.of(word);
    }

    /** Of a topic: whether those that consume it compete for its records. */
    boolean readersCompete() {
        return Readers.COMPETE.word().equals(values.get(QueueProperty.READERS));
    }

    /** The topic that it subscribes to; null if it does not. */
    public @Nullable String topic() {
        return text(QueueProperty.TOPIC);
    }

    /** Where it began to read its topic. */
    public StartPosition start() {
        String text = text(QueueProperty.START);
        return text == null ? StartPosition.NEXT : StartPosition.parse(text).orElseThrow();
    }

    /** {@link #UNLIMITED} if there is no limit. */
    public long maxLength() {
        return number(QueueProperty.MAX_LENGTH, UNLIMITED);
    }

    /** {@link #UNLIMITED} if there is no limit. */
    public long maxLengthBytes() {
        return number(QueueProperty.MAX_LENGTH_BYTES, UNLIMITED);
    }

    /** {@link #UNLIMITED} if there is no limit. */
    public long maxAgeMs() {
        return number(QueueProperty.MAX_AGE, UNLIMITED);
    }

    /** Records a second; {@link #UNLIMITED} if publishers may be as fast as they want. */
    public long maxPublishRate() {
        return number(QueueProperty.MAX_PUBLISH_RATE, UNLIMITED);
    }

    /** Whether there is any limit of what may be ready. */
    boolean isLimited() {
        return maxLength() >= 0 || maxLengthBytes() >= 0 || maxAgeMs() >= 0;
    }

    /** Whether publishers wait at a limit. */
    boolean blocksAtLimit() {
        return isLimited() && overflow() == Overflow.BLOCK;
    }

    public Overflow overflow() {
        String word = text(QueueProperty.OVERFLOW);
        for (Overflow overflow : Overflow.values()) {
            if (overflow.word().equals(word)) {
                return overflow;
            }
        }
        return Overflow.DROP_OLDEST;
    }

    /** {@link #UNLIMITED} if records do not expire. */
    public long messageTtlMs() {
        return number(QueueProperty.MESSAGE_TTL, UNLIMITED);
    }

    /** {@link #UNLIMITED} if records may come back any number of times. */
    public long deliveryLimit() {
        return number(QueueProperty.DELIVERY_LIMIT, DEFAULT_DELIVERY_LIMIT);
    }

    /** {@link #UNLIMITED} if consumers have all the time that they want. */
    public long consumerTimeoutMs() {
        return number(QueueProperty.CONSUMER_TIMEOUT, UNLIMITED);
    }

    RetryDelay retryDelay() {
        String type = text(QueueProperty.DELAYED_RETRY_TYPE);
        return new RetryDelay(
                type == null ? RetryDelay.Type.DISABLED : RetryDelay.Type.of(type),
                number(QueueProperty.DELAYED_RETRY_MIN, DEFAULT_RETRY_MS),
                number(QueueProperty.DELAYED_RETRY_MAX, UNLIMITED));
    }

    /** {@link #UNLIMITED} if the queue does not expire. */
    public long expiresMs() {
        return number(QueueProperty.EXPIRES, UNLIMITED);
    }

    /** The highest priority that a record has; 0 where all are equal. */
    public int maxPriority() {
        return (int) number(QueueProperty.MAX_PRIORITY, 0);
    }

    /** {@link #UNLIMITED} if no wait is too long for a lower priority. */
    public long priorityAgingMs() {
        return number(QueueProperty.PRIORITY_AGING, UNLIMITED);
    }

    public boolean singleActiveConsumer() {
        return Boolean.TRUE.equals(values.get(QueueProperty.SINGLE_ACTIVE_CONSUMER));
    }

    public Ordering ordering() {
        String word = text(QueueProperty.ORDERING);
        for (Ordering ordering : Ordering.values()) {
            if (ordering.word().equals(word)) {
                return ordering;
            }
        }
        return Ordering.FIFO;
    }

    /** Null for the record's key, and for want of one the routing key. */
    public @Nullable String orderingKeyHeader() {
        return text(QueueProperty.ORDERING_KEY_HEADER);
    }

    /** Where records go that leave without having been processed; null to drop them. Empty stands for the default exchange. */
    public @Nullable String deadLetterExchange() {
        return text(QueueProperty.DEAD_LETTER_EXCHANGE);
    }

    /** Null for that which the record came with. */
    public @Nullable String deadLetterRoutingKey() {
        return text(QueueProperty.DEAD_LETTER_ROUTING_KEY);
    }

    /** Of how many records the ids are remembered; {@link #UNLIMITED} if of none. */
    public long deduplicationWindow() {
        return number(QueueProperty.DEDUPLICATION_WINDOW, UNLIMITED);
    }

    /** {@link #UNLIMITED} if ids are remembered until others take their place. */
    public long deduplicationWindowMs() {
        return number(QueueProperty.DEDUPLICATION_WINDOW_MS, UNLIMITED);
    }

    /** Milliseconds for which it is remembered what happened to each record; {@link #UNLIMITED} if it is not. */
    public long storyMs() {
        return number(QueueProperty.STORY, UNLIMITED);
    }

    public Durability durability() {
        String text = text(QueueProperty.DURABILITY);
        return text == null ? Durability.SYNC : Durability.parse(text).orElseThrow();
    }

    private long number(QueueProperty property, long otherwise) {
        return values.get(property) instanceof Long number ? number : otherwise;
    }

    private @Nullable String text(QueueProperty property) {
        return values.get(property) instanceof String text ? text : null;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof QueueSettings settings && values.equals(settings.values);
    }

    @Override
    public int hashCode() {
        return values.hashCode();
    }

    @Override
    public String toString() {
        return values.toString();
    }
}
