package dev.sluice.net;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Closes a connection whose peer does not prove in time who it is. Confined to the connection's event loop. */
public final class HandshakeDeadline extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(HandshakeDeadline.class);

    private final int timeoutMs;
    private @Nullable Future<?> timer;

    HandshakeDeadline(int timeoutMs) {
        this.timeoutMs = timeoutMs;
    }

    /** The peer of this connection is known: it may stay. */
    public static void met(Channel channel) {
        if (channel.pipeline().get(HandshakeDeadline.class) != null) {
            channel.pipeline().remove(HandshakeDeadline.class);
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        timer = context.executor().schedule(() -> expire(context), timeoutMs, TimeUnit.MILLISECONDS);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        if (timer != null) {
            timer.cancel(false);
        }
    }

    private void expire(ChannelHandlerContext context) {
        LOG.info(
                "closing the connection from {}: no handshake within {} ms",
                context.channel().remoteAddress(),
                timeoutMs);
        var _ = context.channel().close();
    }
}
