package dev.sluice.amqp;

import dev.sluice.broker.Broker;
import dev.sluice.broker.Shard;
import dev.sluice.net.ByteBudget;
import dev.sluice.net.Gateway;
import io.netty.channel.ChannelHandler;

/** AMQP 0-9-1 with RabbitMQ's extensions. Thread-safe: immutable. */
public final class AmqpGateway implements Gateway {
    private final Broker broker;
    private final AmqpSettings settings;
    private final ByteBudget bodies;

    public AmqpGateway(Broker broker, AmqpSettings settings) {
        this.broker = broker;
        this.settings = settings;
        this.bodies = new ByteBudget(settings.unfinishedBodyBytes());
    }

    @Override
    public String name() {
        return "amqp";
    }

    @Override
    public ChannelHandler handlerFor(Shard shard) {
        return new AmqpConnection(broker.on(shard), settings, bodies);
    }
}
