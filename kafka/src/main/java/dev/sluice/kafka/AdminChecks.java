package dev.sluice.kafka;

import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.QueueProperty;
import dev.sluice.broker.Refusal;
import dev.sluice.broker.TopicHandle;
import java.util.List;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** What administrators' requests have to keep to. Stateless. */
final class AdminChecks {
    /** Topics belong to nobody's connection. */
    static final long NO_CONNECTION = 0;

    static final int MOST_PARTITIONS = mostPartitions();

    private AdminChecks() {}

    private static int mostPartitions() {
        return QueueProperty.PARTITIONS.kind() instanceof QueueProperty.Kind.Whole whole
                ? (int) whole.most()
                : Integer.MAX_VALUE;
    }

    /** @throws AdminError if no topic can have the name */
    static void name(String name) {
        if (!Topics.isName(name)) {
            throw new AdminError(
                    Errors.INVALID_TOPIC_EXCEPTION,
                    "A topic's name has 1 to 249 letters, digits, '.', '_' and '-', and is not '.' or '..'.");
        }
    }

    /** @throws AdminError if the topic is the gateway's own, on whose shape its groups depend */
    static void notInternal(String name) {
        if (Topics.isInternal(name)) {
            throw new AdminError(Errors.INVALID_REQUEST, "'" + name + "' is the broker's own, and stays as it is.");
        }
    }

    /**
     * The topic of that name, which is no queue, and an administrator's to change.
     *
     * @throws AdminError if there is none
     */
    static TopicHandle topic(BrokerShard broker, String name) {
        notInternal(name);
        TopicHandle found = topicOrQueue(broker, name);
        if (!found.spec().settings().isTopic()) {
            throw new AdminError(
                    Errors.INVALID_REQUEST, "'" + name + "' is a queue: it has one partition, and its own settings.");
        }
        return found;
    }

    /**
     * What has that name.
     *
     * @throws AdminError if there is nothing, or nothing that clients could use
     */
    static TopicHandle topicOrQueue(BrokerShard broker, String name) {
        name(name);
        TopicHandle found = broker.topic(name);
        if (found == null) {
            throw new AdminError(Errors.UNKNOWN_TOPIC_OR_PARTITION, "There is no topic '" + name + "'.");
        }
        Refusal unavailable = found.unavailable();
        if (unavailable != null) {
            throw new AdminError(KafkaErrors.of(unavailable), KafkaErrors.text(unavailable));
        }
        return found;
    }

    /** @throws AdminError unless the partition is to be on this node and on no other */
    static void replicas(int partition, @Nullable List<Integer> brokers) {
        if (!List.of(KafkaNode.ID).equals(brokers)) {
            throw new AdminError(
                    Errors.INVALID_REPLICA_ASSIGNMENT,
                    "Partitions are numbered from 0 without gaps, and each is on broker " + KafkaNode.ID
                            + " only; partition " + partition + " is assigned to " + brokers + ".");
        }
    }
}
