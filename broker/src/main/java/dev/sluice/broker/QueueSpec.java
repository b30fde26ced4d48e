package dev.sluice.broker;

import dev.sluice.broker.QueueSettings.Ordering;
import dev.sluice.broker.QueueSettings.Overflow;
import dev.sluice.log.Durability;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a queue is declared as: a queue, a topic, or a subscription, which is a queue that reads a topic. A topic whose readers compete is both, a topic and a queue that reads it. Immutable.
 *
 * @param durable whether the queue and its records outlive the process; a queue that does not lives in memory
 * @param exclusive whether only the connection that declared it may use it, and it goes with that connection
 * @param autoDelete whether it goes when its last consumer goes
 */
public record QueueSpec(String name, boolean durable, boolean exclusive, boolean autoDelete, QueueSettings settings) {
    /** Values of {@link QueueProperty#QUEUE_TYPE}. */
    static final String QUEUE = "queue";

    static final String TOPIC = "topic";

    private static final Set<QueueProperty> OF_TOPICS =
            EnumSet.of(QueueProperty.PARTITIONS, QueueProperty.KEEP, QueueProperty.READERS);
    /** A topic stores records and settles none. */
    private static final Set<QueueProperty> ALSO_OF_TOPICS = EnumSet.of(
            QueueProperty.QUEUE_TYPE,
            QueueProperty.MAX_LENGTH,
            QueueProperty.MAX_LENGTH_BYTES,
            QueueProperty.MAX_AGE,
            QueueProperty.MAX_PUBLISH_RATE,
            QueueProperty.OVERFLOW,
            QueueProperty.STORY,
            QueueProperty.DURABILITY,
            QueueProperty.DEDUPLICATION_WINDOW,
            QueueProperty.DEDUPLICATION_WINDOW_MS);

    /** Of a topic too, if its readers compete: they settle. */
    private static final Set<QueueProperty> OF_COMPETING_READERS = EnumSet.of(
            QueueProperty.MESSAGE_TTL,
            QueueProperty.DELIVERY_LIMIT,
            QueueProperty.DELAYED_RETRY_TYPE,
            QueueProperty.DELAYED_RETRY_MIN,
            QueueProperty.DELAYED_RETRY_MAX,
            QueueProperty.CONSUMER_TIMEOUT,
            QueueProperty.SINGLE_ACTIVE_CONSUMER,
            QueueProperty.ORDERING,
            QueueProperty.ORDERING_KEY_HEADER,
            QueueProperty.DEAD_LETTER_EXCHANGE,
            QueueProperty.DEAD_LETTER_ROUTING_KEY);

    private static final Set<QueueProperty> OF_SUBSCRIPTIONS = EnumSet.of(QueueProperty.TOPIC, QueueProperty.START);
    /** A subscription stores nothing, and has its topic's partitions. */
    private static final Set<QueueProperty> NOT_OF_SUBSCRIPTIONS = EnumSet.of(
            QueueProperty.MAX_PRIORITY,
            QueueProperty.PRIORITY_AGING,
            QueueProperty.MAX_LENGTH_BYTES,
            QueueProperty.MAX_PUBLISH_RATE,
            QueueProperty.DURABILITY,
            QueueProperty.DEDUPLICATION_WINDOW,
            QueueProperty.DEDUPLICATION_WINDOW_MS);

    boolean isTopic() {
        return settings.isTopic();
    }

    QueueSpec with(QueueSettings newSettings) {
        return new QueueSpec(name, durable, exclusive, autoDelete, newSettings);
    }

    /** Whether it is a topic whose consumers compete for its records, so that it is a queue too. */
    boolean readersCompete() {
        return isTopic() && settings.readersCompete();
    }

    /** Milliseconds that a ready record may wait before it or its publishers give way; of a topic, whose age is that of what it stores, any number. */
    long maxWaitMs() {
        return isTopic() ? QueueSettings.UNLIMITED : settings.maxAgeMs();
    }

    /** The topic that it reads; null for what has records of its own. */
    @Nullable
    String topic() {
        return settings.topic();
    }

    /** The name to which its records are published: its own, or its topic's. */
    String address() {
        String topic = topic();
        return topic == null ? name : topic;
    }

    /** How many partitions it has of its own: a topic as many as it was declared with, a queue one for each priority. */
    int partitionCount() {
        if (topic() != null) {
            return 0;
        }
        return isTopic() ? settings.partitions() : settings.maxPriority() + 1;
    }

    /** Why it cannot have these settings instead, now that it is there; null if it can. */
    public @Nullable String problemOfChange(QueueSettings changed) {
        for (QueueProperty property : QueueProperty.values()) {
            boolean differs = !Objects.equals(settings.chosen(property), changed.chosen(property));
            if (differs && property.change() == QueueProperty.Change.NEVER) {
                return property.propertyName() + " cannot be changed: it is chosen when the queue is declared"
                        + (property == QueueProperty.PARTITIONS
                                ? ", and partitions are added by a request for that"
                                : "");
            }
        }
        if (!isTopic() && (settings.maxLengthBytes() < 0) != (changed.maxLengthBytes() < 0)) {
            return QueueProperty.MAX_LENGTH_BYTES.propertyName() + " of " + kind()
                    + " can be changed, but neither be added nor taken away: bytes are counted from its declaration on, or not at all";
        }
        return with(changed).problem();
    }

    /** Why there can be no such queue; null if there can. */
    public @Nullable String problem() {
        for (QueueProperty property : settings.chosen().keySet()) {
            if (!mayHave(property)) {
                return property.propertyName() + " means nothing to " + kind();
            }
        }
        String problem = deduplicationProblem();
        if (problem != null) {
            return problem;
        }
        Overflow overflow = settings.overflow();
        if (topic() != null && overflow != Overflow.DROP_OLDEST) {
            return "a subscription can only drop the oldest: overflow is to be " + Overflow.DROP_OLDEST.word()
                    + ", or a setting of its topic";
        }
        if (isTopic() && (overflow == Overflow.DROP_LOWEST_PRIORITY || overflow == Overflow.REJECT_DEAD_LETTER)) {
            return "overflow of a topic is to be " + Overflow.DROP_OLDEST.word() + ", " + Overflow.REJECT.word()
                    + " or " + Overflow.BLOCK.word();
        }
        if (isTopic() && !overflow.isDrop() && (settings.maxLengthBytes() >= 0 || settings.maxAgeMs() >= 0)) {
            return "a topic can only refuse publishers, or let them wait, at its max-length";
        }
        if (settings.orderingKeyHeader() != null && settings.ordering() == Ordering.FIFO) {
            return "ordering-key-header means nothing where ordering is " + Ordering.FIFO.word();
        }
        return null;
    }

    private @Nullable String deduplicationProblem() {
        boolean hasWindow = settings.deduplicationWindow() >= 0;
        if (!hasWindow && settings.deduplicationWindowMs() >= 0) {
            return QueueProperty.DEDUPLICATION_WINDOW_MS.propertyName() + " needs "
                    + QueueProperty.DEDUPLICATION_WINDOW.propertyName();
        }
        if (hasWindow && settings.keep() == TopicKeeping.Keep.LAST_PER_KEY) {
            return QueueProperty.DEDUPLICATION_WINDOW.propertyName() + " and " + QueueProperty.KEEP.propertyName() + " "
                    + TopicKeeping.Keep.LAST_PER_KEY.word() + " exclude each other";
        }
        if (hasWindow && !settings.durability().isSync()) {
            return QueueProperty.DEDUPLICATION_WINDOW.propertyName() + " needs durability " + Durability.SYNC
                    + ": otherwise a crash could lose a message whose id is known";
        }
        return null;
    }

    private boolean mayHave(QueueProperty property) {
        if (isTopic()) {
            return OF_TOPICS.contains(property)
                    || ALSO_OF_TOPICS.contains(property)
                    || (readersCompete() && OF_COMPETING_READERS.contains(property));
        }
        if (OF_TOPICS.contains(property)) {
            return false;
        }
        return topic() == null ? !OF_SUBSCRIPTIONS.contains(property) : !NOT_OF_SUBSCRIPTIONS.contains(property);
    }

    private String kind() {
        if (isTopic()) {
            return readersCompete() ? "a topic" : "a topic whose readers do not compete";
        }
        return topic() == null ? "a queue" : "a subscription";
    }
}
