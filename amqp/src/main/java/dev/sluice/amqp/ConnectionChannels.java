package dev.sluice.amqp;

import dev.sluice.broker.BrokerShard;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import org.jspecify.annotations.Nullable;

/** The channels of a connection by their number. Confined to the connection's shard. */
final class ConnectionChannels {
    private final AmqpConnection connection;
    private final BrokerShard broker;
    private final IntObjectMap<AmqpChannel> byNumber = new IntObjectHashMap<>(4);

    ConnectionChannels(AmqpConnection connection, BrokerShard broker) {
        this.connection = connection;
        this.broker = broker;
    }

    @Nullable
    AmqpChannel get(int number) {
        return byNumber.get(number);
    }

    /** The channel that a frame is for; null when there is none, and the connection has failed. */
    @Nullable
    AmqpChannel find(int number, int methodId) {
        AmqpChannel channel = byNumber.get(number);
        if (channel == null) {
            connection.fail(ReplyCode.CHANNEL_ERROR, "expected 'channel.open'", methodId);
        }
        return channel;
    }

    void method(int number, AmqpMethod method) {
        AmqpChannel channel = byNumber.get(number);
        if (channel != null) {
            channel.method(method);
        } else if (connection.isOpen() && method instanceof ChannelMethod.Open) {
            byNumber.put(number, new AmqpChannel(connection, number, broker));
            connection.send(number, new ChannelMethod.OpenOk());
        } else if (!(method instanceof ChannelMethod.CloseOk)) {
            find(number, method.id());
        }
    }

    void remove(int number) {
        byNumber.remove(number);
    }

    boolean consume() {
        return byNumber.values().stream().anyMatch(AmqpChannel::consumes);
    }

    /** Ends all that the channels do. */
    void close() {
        byNumber.values().forEach(AmqpChannel::close);
    }
}
