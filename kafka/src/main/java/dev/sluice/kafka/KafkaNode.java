package dev.sluice.kafka;

/** The node as clients see it: the only one of its cluster. Immutable. */
record KafkaNode(String clusterId, KafkaSettings settings) {
    /** Leader of all partitions, and coordinator of all groups. */
    static final int ID = 1;
}
