package dev.sluice.net;

import io.netty.channel.Channel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The accepted connections of a node, of all its listeners together. Thread-safe: its state is in concurrent collections. */
public final class Connections {
    private static final Logger LOG = LoggerFactory.getLogger(Connections.class);

    private final int limit;
    private final AtomicInteger count = new AtomicInteger();
    private final Set<Channel> open = ConcurrentHashMap.newKeySet();
    private volatile boolean closing; // written by whoever stops the node, read by the event loops

    public Connections(int limit) {
        this.limit = limit;
    }

    public int count() {
        return count.get();
    }

    /** Admits a connection and keeps it until it is closed; false when the node is full or stopping. */
    boolean admit(Channel channel) {
        if (count.incrementAndGet() > limit) {
            count.decrementAndGet();
            LOG.warn(
                    "refused a connection from {}: the limit of {} connections is reached",
                    channel.remoteAddress(),
                    limit);
            return false;
        }
        open.add(channel);
        channel.closeFuture().addListener(closed -> {
            open.remove(channel);
            count.decrementAndGet();
        });
        return !closing;
    }

    /**
     * Asks every connection to take leave, waits for them, and cuts off those that are still there after {@code timeoutMs}. Blocks; not for a shard. New
     * connections are refused from now on.
     */
    public void close(int timeoutMs) throws InterruptedException {
        closing = true;
        for (Channel channel : open) {
            channel.eventLoop().execute(() -> channel.pipeline().fireUserEventTriggered(ConnectionEvent.SHUTDOWN));
        }
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
        for (Channel channel : open) {
            if (!channel.closeFuture().await(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS)) {
                channel.close().sync();
            }
        }
    }
}
