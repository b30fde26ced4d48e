package dev.sluice.kafka;

import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.Shard;
import dev.sluice.net.ByteBudget;
import dev.sluice.net.ConnectionEvent;
import dev.sluice.net.HandshakeDeadline;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.DecoderException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection of a client. Takes requests one at a time, as Kafka does, but for those to produce, which need not wait for each other; answers come in the order of the requests. Confined to its shard.
 */
final class KafkaConnection extends ByteToMessageDecoder {
    /** So many requests to produce may wait for the disk; then the client waits. */
    static final int MAX_IN_FLIGHT = 64;

    private static final Logger LOG = LoggerFactory.getLogger(KafkaConnection.class);
    private static final int LENGTH_BYTES = Integer.BYTES;

    /** What is received at once: it grows and shrinks with what comes, so that a request, which is often some hundred KB, comes in few pieces ... */
    private static final int RECEIVE_MOST_BYTES = 256 * 1024;

    private static final int RECEIVE_FIRST_BYTES = 2048;
    private static final int RECEIVE_LEAST_BYTES = 64;
    /** ... and so often before it is another connection's turn. */
    private static final int RECEIVES_PER_TURN = 4;

    private final BrokerShard broker;
    private final KafkaSettings settings;
    private final RequestTable requests;
    private final ByteBudget unfinished;
    private final ResponseQueue responses = new ResponseQueue(this::send);
    private final FetchSessions fetchSessions = new FetchSessions();
    private final Throttle throttle;
    private @Nullable Channel socket;
    private @Nullable ChannelHandlerContext context;
    /** What the memory of a request takes that has come in part. */
    private int unfinishedBytes;

    private boolean decoding;
    private boolean flushScheduled;
    /** All requests without an answer are to produce. */
    private boolean onlyProduces = true;

    private boolean ended;

    private Shard.@Nullable Timer mute;

    KafkaConnection(BrokerShard broker, KafkaSettings settings, RequestTable requests, ByteBudget unfinished) {
        this.broker = broker;
        this.settings = settings;
        this.requests = requests;
        this.unfinished = unfinished;
        this.throttle = new Throttle(broker);
    }

    // What the socket tells.

    @Override
    public void channelActive(ChannelHandlerContext activated) {
        context = activated;
        socket = activated.channel();
        var _ = activated
                .channel()
                .config()
                .setRecvByteBufAllocator(
                        new AdaptiveRecvByteBufAllocator(RECEIVE_LEAST_BYTES, RECEIVE_FIRST_BYTES, RECEIVE_MOST_BYTES)
                                .maxMessagesPerRead(RECEIVES_PER_TURN));
        LOG.debug("{} connected", socket().remoteAddress());
    }

    @Override
    protected void decode(ChannelHandlerContext unused, ByteBuf in, List<Object> nothing) {
        if (ended) {
            in.skipBytes(in.readableBytes());
            return;
        }
        if (in.readableBytes() < LENGTH_BYTES) {
            return;
        }
        int length = in.getInt(in.readerIndex());
        if (length < RequestTable.LEAST_HEADER_BYTES || length > settings.maxRequestBytes()) {
            hangUp(
                    "a request of " + length + " bytes was announced, expected " + RequestTable.LEAST_HEADER_BYTES
                            + " to " + settings.maxRequestBytes(),
                    null);
            return;
        }
        if (in.readableBytes() < LENGTH_BYTES + length) {
            hold(in.capacity());
            return;
        }
        boolean isProduce = RequestTable.isProduce(in, in.readerIndex() + LENGTH_BYTES);
        if (!isTaking(isProduce)) {
            return;
        }
        hold(0);
        in.skipBytes(LENGTH_BYTES);
        onlyProduces = isProduce;
        decoding = true;
        try {
            requests.take(this, in.readSlice(length));
        } finally {
            decoding = false;
        }
        updateReading();
    }

    /** Whether the next request may begin now. */
    private boolean isTaking(boolean isProduce) {
        return mute == null
                && socket().isWritable()
                && (responses.size() == 0 || (isProduce && onlyProduces && responses.size() < MAX_IN_FLIGHT));
    }

    private void hold(int bytes) {
        int more = bytes - unfinishedBytes;
        if (more > 0 && !unfinished.take(more)) {
            hangUp("unfinished requests of all connections take more than " + unfinished.limitBytes() + " bytes", null);
            return;
        }
        if (more < 0) {
            unfinished.giveBack(-more);
        }
        unfinishedBytes = bytes;
    }

    @Override
    protected void decodeLast(ChannelHandlerContext unused, ByteBuf in, List<Object> nothing) {
        // The client is gone: nobody waits for answers to what is left.
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext unused) {
        goOn();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext unused, Object event) {
        if (event == ConnectionEvent.SHUTDOWN) {
            close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext unused) throws Exception {
        super.channelInactive(unused);
        LOG.debug("{} disconnected", socket().remoteAddress());
        end();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext unused, Throwable cause) {
        if (cause instanceof IOException) {
            LOG.debug("connection to {} broke", socket().remoteAddress(), cause);
        } else {
            Throwable bug = cause instanceof DecoderException && cause.getCause() != null ? cause.getCause() : cause;
            LOG.error("connection of {} is closed because of a bug", socket().remoteAddress(), bug);
        }
        close();
    }

    // What requests use.

    BrokerShard broker() {
        return broker;
    }

    FetchSessions fetchSessions() {
        return fetchSessions;
    }

    Throttle throttle() {
        return throttle;
    }

    InetSocketAddress localAddress() {
        return addressOf(socket().localAddress());
    }

    InetSocketAddress remoteAddress() {
        return addressOf(socket().remoteAddress());
    }

    private static InetSocketAddress addressOf(java.net.SocketAddress address) {
        return address instanceof InetSocketAddress inet ? inet : new InetSocketAddress(0);
    }

    ResponseQueue.Slot openSlot() {
        return responses.open();
    }

    /** The first request has come: the client speaks Kafka. */
    void known() {
        HandshakeDeadline.met(socket());
    }

    /** Takes no further request for so long; for a client that was told so and does not wait. */
    void mute(int ms) {
        if (mute != null) {
            mute.cancel();
        }
        mute = broker.shard().schedule(this::unmute, ms);
        updateReading();
    }

    private void unmute() {
        mute = null;
        goOn();
    }

    private void send(List<ByteBuf> response) {
        for (ByteBuf buffer : response) {
            var _ = socket().write(buffer, socket().voidPromise());
        }
        if (!flushScheduled) {
            flushScheduled = true;
            broker.shard().execute(this::flush);
        }
        goOn();
    }

    private void flush() {
        flushScheduled = false;
        socket().flush();
    }

    /** Takes what has come meanwhile, if it may be taken. */
    private void goOn() {
        if (decoding || ended) {
            return;
        }
        updateReading();
        try {
            super.channelRead(Objects.requireNonNull(context), Unpooled.EMPTY_BUFFER);
        } catch (Exception failure) {
            exceptionCaught(Objects.requireNonNull(context), failure);
        }
    }

    private void updateReading() {
        socket().config().setAutoRead(isTaking(true));
    }

    /** The client cannot be answered: says why, for the operator. */
    void hangUp(String why, @Nullable Throwable cause) {
        if (!ended) {
            LOG.info("connection of {} is closed: {}", socket().remoteAddress(), why, cause);
            socket().flush(); // what was answered before
            close();
        }
    }

    private void close() {
        end();
        var _ = socket().close();
    }

    private void end() {
        ended = true;
        hold(0);
        responses.close();
        throttle.close();
        if (mute != null) {
            mute.cancel();
            mute = null;
        }
    }

    private Channel socket() {
        return Objects.requireNonNull(socket);
    }
}
