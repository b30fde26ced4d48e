package dev.sluice.net;

import dev.sluice.broker.EventExecutorShard;
import dev.sluice.broker.Shard;
import dev.sluice.broker.Shards;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The threads of a node that own connections and partitions, with epoll where the system has it. Thread-safe: immutable. */
public final class EventLoops implements AutoCloseable {
    private static final int STOP_TIMEOUT_MS = 5_000;

    private final EventLoopGroup group;
    private final Class<? extends ServerChannel> serverChannel;
    private final Shards shards;
    private final IdentityHashMap<EventExecutor, Shard> shardOfLoop = new IdentityHashMap<>();

    private EventLoops(EventLoopGroup group, Class<? extends ServerChannel> serverChannel) {
        this.group = group;
        this.serverChannel = serverChannel;
        List<Shard> all = new ArrayList<>();
        for (EventExecutor loop : group) {
            Shard shard = new EventExecutorShard(all.size(), loop);
            shardOfLoop.put(loop, shard);
            all.add(shard);
        }
        this.shards = new Shards(all);
    }

    public static EventLoops open(int count) {
        return Epoll.isAvailable()
                ? new EventLoops(group(count, EpollIoHandler.newFactory()), EpollServerSocketChannel.class)
                : new EventLoops(group(count, NioIoHandler.newFactory()), NioServerSocketChannel.class);
    }

    private static EventLoopGroup group(int count, IoHandlerFactory io) {
        return new MultiThreadIoEventLoopGroup(count, new DefaultThreadFactory("shard"), io);
    }

    public Shards shards() {
        return shards;
    }

    EventLoopGroup group() {
        return group;
    }

    Class<? extends ServerChannel> serverChannel() {
        return serverChannel;
    }

    Shard shardOf(EventExecutor loop) {
        Shard shard = shardOfLoop.get(loop);
        if (shard == null) {
            throw new IllegalArgumentException(loop + " is not one of the node's event loops");
        }
        return shard;
    }

    /** Stops the threads after what was submitted has run; blocks until then. */
    @Override
    public void close() {
        group.shutdownGracefully(0, STOP_TIMEOUT_MS, TimeUnit.MILLISECONDS).awaitUninterruptibly();
    }
}
