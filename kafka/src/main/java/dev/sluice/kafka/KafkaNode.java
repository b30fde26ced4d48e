package dev.sluice.kafka;

import java.net.InetSocketAddress;

/** The node as clients see it: the only one of its cluster. Immutable. */
record KafkaNode(String clusterId, KafkaSettings settings) {
    /** Leader of all partitions, and coordinator of all groups. */
    static final int ID = 1;

    /** Where the client of this request is told to connect to. */
    InetSocketAddress addressFor(RequestContext context) {
        InetSocketAddress advertised = settings.advertised();
        return advertised == null ? context.localAddress() : advertised;
    }
}
