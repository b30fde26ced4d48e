package dev.sluice.kafka;

import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.Outcome;
import dev.sluice.broker.QueueProperty;
import dev.sluice.broker.QueueSettings;
import dev.sluice.broker.QueueSpec;
import dev.sluice.broker.QueueStatus;
import java.util.concurrent.TimeUnit;

/** Makes topics as Kafka's clients expect them. Stateless. */
final class TopicCreation {
    /** Kafka's {@code log.retention.hours}. */
    static final long RETENTION_MS = TimeUnit.DAYS.toMillis(7);

    private static final long NO_CONNECTION = 0;

    private final KafkaSettings settings;

    TopicCreation(KafkaSettings settings) {
        this.settings = settings;
    }

    /** What a topic has whose maker says nothing. To AMQP's consumers it is a queue. */
    QueueSettings defaults() {
        return QueueSettings.DEFAULT
                .with(QueueProperty.QUEUE_TYPE, "topic")
                .with(QueueProperty.PARTITIONS, settings.defaultPartitions())
                .with(QueueProperty.READERS, QueueSettings.Readers.COMPETE.word())
                .with(QueueProperty.MAX_AGE, RETENTION_MS);
    }

    /** Makes a topic that a client has asked for by its name; also fine if somebody else has made it meanwhile. */
    void createByName(BrokerShard broker, String name, Outcome.Reply<QueueStatus> reply) {
        broker.declareQueue(new QueueSpec(name, true, false, false, defaults()), NO_CONNECTION, reply);
    }
}
