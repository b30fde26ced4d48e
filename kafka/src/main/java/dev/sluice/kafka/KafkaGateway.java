package dev.sluice.kafka;

import dev.sluice.broker.Broker;
import dev.sluice.broker.Shard;
import dev.sluice.kafka.group.GroupCoordinator;
import dev.sluice.net.ByteBudget;
import dev.sluice.net.Gateway;
import io.netty.channel.ChannelHandler;

/** Kafka's protocol. Thread-safe: immutable. */
public final class KafkaGateway implements Gateway {
    private final Broker broker;
    private final KafkaSettings settings;
    private final RequestTable requests;
    private final ByteBudget unfinished;
    private final GroupCoordinator groups;

    public KafkaGateway(Broker broker, KafkaSettings settings) {
        this.broker = broker;
        this.settings = settings;
        this.groups = GroupCoordinator.open(broker, Topics::idIfSeen, settings.groups());
        this.requests = RequestTable.of(new KafkaNode(broker.clusterId(), settings), groups.requests());
        this.unfinished = new ByteBudget(settings.unfinishedRequestBytes());
    }

    RequestTable requests() {
        return requests;
    }

    @Override
    public String name() {
        return "kafka";
    }

    @Override
    public ChannelHandler handlerFor(Shard shard) {
        return new KafkaConnection(broker.on(shard), settings, requests, unfinished);
    }

    @Override
    public void close() {
        groups.close();
    }
}
