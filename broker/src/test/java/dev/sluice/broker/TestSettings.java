package dev.sluice.broker;

/** Settings of queues that several tests need. */
final class TestSettings {
    private TestSettings() {}

    /** A topic, and nothing else. */
    static QueueSettings topic() {
        return QueueSettings.DEFAULT.with(QueueProperty.QUEUE_TYPE, QueueSpec.TOPIC);
    }

    /** Dead letters go to this queue. */
    static QueueSettings toQueue(String queue) {
        return QueueSettings.DEFAULT
                .with(QueueProperty.DEAD_LETTER_EXCHANGE, "")
                .with(QueueProperty.DEAD_LETTER_ROUTING_KEY, queue);
    }
}
