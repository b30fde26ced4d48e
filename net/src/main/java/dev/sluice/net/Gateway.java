package dev.sluice.net;

import dev.sluice.broker.Shard;
import io.netty.channel.ChannelHandler;

/** A protocol: what handles the connections of a listener. Thread-safe: connections are accepted on any shard. */
public interface Gateway {
    /** The protocol's name for people: {@code amqp}. */
    String name();

    /**
     * The handler of one accepted connection, which lives on {@code shard}. It calls {@link HandshakeDeadline#met} when the peer has proved who it is,
     * and ends the connection in its protocol's way when it is told {@link ConnectionEvent#SHUTDOWN}.
     */
    ChannelHandler handlerFor(Shard shard);

    /** The node stops: no connection comes any more. */
    default void close() {}
}
