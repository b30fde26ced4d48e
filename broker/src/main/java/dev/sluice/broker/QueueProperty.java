package dev.sluice.broker;

import dev.sluice.log.Durability;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Everything that the owner of a queue can choose, each declared once: its name is what is stored, what AMQP takes as an argument with {@code x-} before it, and what a difference between two
 * declarations is reported by.
 */
public enum QueueProperty {
    /** What it is: a queue, whose records go when they are settled, or a topic, which keeps them for its subscriptions. */
    QUEUE_TYPE("queue-type", new Kind.Choice(List.of(QueueSpec.QUEUE, QueueSpec.TOPIC)), Change.NEVER),
    /** How many partitions a topic has; records with the same key are in the same one. */
    PARTITIONS("partitions", new Kind.Whole(1, DeliveryId.MOST_LANES), Change.NEVER),
    /** Which records a topic keeps, within its limits. */
    KEEP("keep", new Kind.Choice(TopicKeeping.Keep.words()), Change.AT_ANY_TIME),
    /** Who gets the records of a topic that are consumed under its own name. */
    READERS("readers", new Kind.Choice(QueueSettings.Readers.words()), Change.NEVER),
    /** The topic that the queue reads, as a subscription, instead of having records of its own. */
    TOPIC("topic", new Kind.Text(), Change.NEVER),
    /** Where it began to read the topic. */
    START("start", new Kind.Position(), Change.NEVER),
    /** How many records may be ready: stored and not delivered. Of a topic: stored. */
    MAX_LENGTH("max-length", new Kind.Whole(0, Long.MAX_VALUE), Change.AT_ANY_TIME),
    /** How many bytes the bodies of all ready records may have. */
    MAX_LENGTH_BYTES("max-length-bytes", new Kind.Whole(0, Long.MAX_VALUE), Change.AT_ANY_TIME),
    /** Milliseconds for which the oldest ready record may wait before the queue is at its limit. */
    MAX_AGE("max-age", new Kind.Whole(1, Long.MAX_VALUE), Change.AT_ANY_TIME),
    /** How many records a second publishers may send; who sends more waits. */
    MAX_PUBLISH_RATE("max-publish-rate", new Kind.Whole(1, Long.MAX_VALUE), Change.AT_ANY_TIME),
    /** What happens to a record that finds the queue at a limit. */
    OVERFLOW("overflow", new Kind.Choice(QueueSettings.Overflow.names()), Change.AT_ANY_TIME),
    /** Milliseconds that a record may wait before it expires. */
    MESSAGE_TTL("message-ttl", new Kind.Whole(0, Long.MAX_VALUE), Change.AT_ANY_TIME),
    /** How often a record may come back after a delivery; the next time it is dropped. -1 for any number. */
    DELIVERY_LIMIT("delivery-limit", new Kind.Whole(-1, Long.MAX_VALUE), Change.AT_ANY_TIME),
    /** How the time grows that a record which came back waits until it is ready again. */
    DELAYED_RETRY_TYPE("delayed-retry-type", new Kind.Choice(RetryDelay.Type.words()), Change.AT_ANY_TIME),
    /** Milliseconds that it waits the first time. */
    DELAYED_RETRY_MIN("delayed-retry-min", new Kind.Whole(0, Long.MAX_VALUE), Change.AT_ANY_TIME),
    /** Milliseconds that it waits at the most. */
    DELAYED_RETRY_MAX("delayed-retry-max", new Kind.Whole(0, Long.MAX_VALUE), Change.AT_ANY_TIME),
    /** Milliseconds that a consumer has to settle a delivery; then the record goes back to its place, for others. */
    CONSUMER_TIMEOUT("consumer-timeout", new Kind.Whole(1, Long.MAX_VALUE), Change.AT_ANY_TIME),
    /** The queue deletes itself when it had no consumer, no get and no declaration for so many milliseconds. */
    EXPIRES("expires", new Kind.Whole(1, Long.MAX_VALUE), Change.AT_ANY_TIME),
    /** The highest priority of a record; there is a lane, and a log, for each from 0 on. */
    MAX_PRIORITY("max-priority", new Kind.Whole(0, RecordAttributes.MOST_PRIORITY), Change.NEVER),
    /** A record that waited for so many milliseconds is served before all others, whatever its priority. */
    PRIORITY_AGING("priority-aging", new Kind.Whole(1, Long.MAX_VALUE), Change.NEVER),
    /** Only one consumer is served at a time; the next one takes over when it is gone. */
    SINGLE_ACTIVE_CONSUMER("single-active-consumer", new Kind.Flag(), Change.NEVER),
    /** In which order the ready records of one priority are served. */
    ORDERING("ordering", new Kind.Choice(QueueSettings.Ordering.words()), Change.NEVER),
    /** The header that has the key by which the ordering goes, instead of the record's key or the routing key. */
    ORDERING_KEY_HEADER("ordering-key-header", new Kind.Text(), Change.NEVER),
    /** The exchange to which records go that leave the queue without having been processed. */
    DEAD_LETTER_EXCHANGE("dead-letter-exchange", new Kind.Text(), Change.AT_ANY_TIME),
    /** The routing key with which they go there, instead of the one they came with. */
    DEAD_LETTER_ROUTING_KEY("dead-letter-routing-key", new Kind.Text(), Change.AT_ANY_TIME),
    /** Of so many records the ids are remembered, so that what is published again is not stored again. */
    DEDUPLICATION_WINDOW("deduplication-window", new Kind.Whole(1, DeduplicationWindow.MOST_IDS), Change.NEVER),
    /** For so many milliseconds they are remembered. */
    DEDUPLICATION_WINDOW_MS("deduplication-window-ms", new Kind.Whole(1, Long.MAX_VALUE), Change.NEVER),
    /** Milliseconds for which it is remembered what happened to each record. */
    STORY("story", new Kind.Whole(1, Long.MAX_VALUE), Change.NEVER),
    /** When a record of a durable queue counts as stored; without meaning for other queues. */
    DURABILITY("durability", new Kind.Durable(), Change.NEVER);

    private static final Map<String, QueueProperty> BY_NAME =
            Arrays.stream(values()).collect(Collectors.toMap(QueueProperty::propertyName, Function.identity()));

    /** Whether another value can be chosen for a queue that is there. */
    public enum Change {
        /** It takes effect at once, also for what is in the queue. */
        AT_ANY_TIME,
        /** It says how the queue is stored or served from its beginning on. */
        NEVER
    }

    /** What values a property has. */
    public sealed interface Kind {
        /** A whole number from {@code least} to {@code most}; a {@link Long}. */
        record Whole(long least, long most) implements Kind {}

        /** One of these words; a {@link String}. */
        record Choice(List<String> words) implements Kind {}

        /** Any text that has a place in a {@link RouteHeader}; a {@link String}. */
        record Text() implements Kind {}

        /** A {@link Boolean}. */
        record Flag() implements Kind {}

        /** A text that {@link StartPosition#parse} understands; a {@link String}. */
        record Position() implements Kind {}

        /** A text that {@link Durability#parse} understands; a {@link String}. */
        record Durable() implements Kind {}
    }

    private final String name;

    @SuppressWarnings("ImmutableEnumChecker") // its lists are
    private final Kind kind;

    private final Change change;

    QueueProperty(String name, Kind kind, Change change) {
        this.name = name;
        this.kind = kind;
        this.change = change;
    }

    /** Small letters and hyphens. */
    public String propertyName() {
        return name;
    }

    public Kind kind() {
        return kind;
    }

    public Change change() {
        return change;
    }

    /** The property of that name; null if there is none. */
    public static @Nullable QueueProperty named(String name) {
        return BY_NAME.get(name);
    }

    /** What was expected instead of the value; null if it is fine. */
    public @Nullable String problemOf(Object value) {
        return switch (kind) {
            case Kind.Whole(long least, long most) ->
                value instanceof Long number && number >= least && number <= most
                        ? null
                        : most == Long.MAX_VALUE
                                ? "a whole number, at least " + least
                                : "a whole number from " + least + " to " + most;
            case Kind.Choice(List<String> words) ->
                value instanceof String word && words.contains(word) ? null : "one of " + String.join(", ", words);
            case Kind.Text() ->
                value instanceof String text && text.getBytes(StandardCharsets.UTF_8).length <= RouteHeader.MAX_BYTES
                        ? null
                        : "a text of at most " + RouteHeader.MAX_BYTES + " bytes";
            case Kind.Flag() -> value instanceof Boolean ? null : "true or false";
            case Kind.Position() ->
                value instanceof String text && StartPosition.parse(text).isPresent()
                        ? null
                        : "first, last, next, offset=17 or time=1700000000000";
            case Kind.Durable() ->
                value instanceof String text && Durability.parse(text).isPresent()
                        ? null
                        : "sync, interval=100ms or none";
        };
    }
}
