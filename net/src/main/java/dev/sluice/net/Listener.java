package dev.sluice.net;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;

/** An open port whose connections are handled by one gateway and spread over the event loops. Thread-safe. */
public final class Listener implements AutoCloseable {
    /** A connection that has more than this waiting to be sent is not writable ... */
    public static final int WRITE_HIGH_BYTES = 1024 * 1024;
    /** ... until less than this waits. */
    public static final int WRITE_LOW_BYTES = 256 * 1024;

    private static final int BACKLOG = 1024;

    private final Channel channel;

    private Listener(Channel channel) {
        this.channel = channel;
    }

    /**
     * Opens a port; blocks until it is open.
     *
     * @param host name or address of the interface
     * @param port 0 for any free one
     */
    public static Listener open(
            EventLoops loops, Connections connections, NetSettings settings, String host, int port, Gateway gateway)
            throws ListenException {
        ChannelFuture bound = new ServerBootstrap()
                .group(loops.group())
                .channel(loops.serverChannel())
                .option(ChannelOption.SO_REUSEADDR, true)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childOption(
                        ChannelOption.WRITE_BUFFER_WATER_MARK,
                        new WriteBufferWaterMark(WRITE_LOW_BYTES, WRITE_HIGH_BYTES))
                .childHandler(new Accept(loops, connections, settings, gateway))
                .bind(new InetSocketAddress(host, port))
                .awaitUninterruptibly();
        Throwable cause = bound.cause();
        if (cause != null) {
            throw new ListenException(
                    "cannot listen for " + gateway.name() + " on " + host + ":" + port + ": " + explain(cause), cause);
        }
        return new Listener(bound.channel());
    }

    private static String explain(Throwable cause) {
        if (cause instanceof UnresolvedAddressException || cause instanceof UnknownHostException) {
            return "the host name is unknown";
        }
        String message = String.valueOf(cause.getMessage());
        if (cause instanceof BindException || message.contains("Address already in use")) {
            return message.contains("in use") ? "the port is taken by another process" : message;
        }
        return message;
    }

    /** Where it really listens. */
    public InetSocketAddress address() {
        return (InetSocketAddress) channel.localAddress();
    }

    /** Accepts no more; connections that are there stay. Blocks until the port is free. */
    @Override
    public void close() {
        channel.close().awaitUninterruptibly();
    }

    /** Sets up each accepted connection, on its event loop. Thread-safe: immutable. */
    private static final class Accept extends ChannelInitializer<Channel> {
        private final EventLoops loops;
        private final Connections connections;
        private final NetSettings settings;
        private final Gateway gateway;

        Accept(EventLoops loops, Connections connections, NetSettings settings, Gateway gateway) {
            this.loops = loops;
            this.connections = connections;
            this.settings = settings;
            this.gateway = gateway;
        }

        @Override
        protected void initChannel(Channel connection) {
            if (!connections.admit(connection)) {
                var _ = connection.close();
                return;
            }
            connection
                    .pipeline()
                    .addLast(new HandshakeDeadline(settings.handshakeTimeoutMs()))
                    .addLast(gateway.handlerFor(loops.shardOf(connection.eventLoop())));
        }
    }
}
