package dev.sluice.amqp;

import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.Shard;
import dev.sluice.net.ByteBudget;
import dev.sluice.net.ConnectionEvent;
import dev.sluice.net.HandshakeDeadline;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection of a client, from its first byte to the end of its socket. Confined to its shard.
 */
final class AmqpConnection extends ChannelInboundHandlerAdapter implements FrameIntake.Owner, PublishBrake.Connection {
    private static final Logger LOG = LoggerFactory.getLogger(AmqpConnection.class);
    /** How long a client may take to answer our connection.close. */
    private static final int CLOSE_TIMEOUT_MS = 5_000;

    private static final int MS_PER_SECOND = 1000;

    /** Where a connection is in its life. */
    private enum Phase {
        HANDSHAKE,
        OPEN,
        /** We sent connection.close; only the answer is of interest. */
        CLOSING,
        /** Nothing is read or written any more. */
        CLOSED
    }

    private final BrokerShard broker;
    private final AmqpSettings settings;
    private final ByteBudget bodies;
    private final FrameIntake intake = new FrameIntake(this);
    private final FrameWriter frames = new FrameWriter();
    private final ConnectionChannels channels;
    private final PublishBrake brake;
    private Phase phase = Phase.HANDSHAKE;
    private long id;
    private boolean receivedSinceAsked;

    // Set when the connection becomes active, before anything else happens.
    private @Nullable Channel socket;
    private @Nullable Outgoing out;
    private @Nullable DeliveryWriter deliveries;
    private @Nullable ConnectionHandshake handshake;
    private @Nullable Heartbeats heartbeats;
    private Shard.@Nullable Timer closeTimer;

    AmqpConnection(BrokerShard broker, AmqpSettings settings, ByteBudget bodies) {
        this.broker = broker;
        this.settings = settings;
        this.bodies = bodies;
        this.channels = new ConnectionChannels(this, broker);
        this.brake = PublishBrake.of(this, broker, Logins.USER);
    }

    // What the socket tells.

    @Override
    public void channelActive(ChannelHandlerContext context) {
        Channel channel = context.channel();
        socket = channel;
        out = new Outgoing(channel, broker.shard());
        deliveries = new DeliveryWriter(out(), frames);
        handshake = new ConnectionHandshake(this, settings, addressOf(channel));
        LOG.debug("{} connected", channel.remoteAddress());
    }

    private static InetAddress addressOf(Channel channel) {
        return channel.remoteAddress() instanceof InetSocketAddress peer
                ? peer.getAddress()
                : InetAddress.getLoopbackAddress();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        receivedSinceAsked = true;
        intake.add((ByteBuf) message);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (context.channel().isWritable() && phase != Phase.CLOSED) {
            out().resume();
            intake.takeFrames();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event == ConnectionEvent.SHUTDOWN) {
            fail(ReplyCode.CONNECTION_FORCED, "broker forced connection closure with reason 'shutdown'", 0);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        LOG.debug("{} disconnected", context.channel().remoteAddress());
        endSession();
        phase = Phase.CLOSED;
        if (closeTimer != null) {
            closeTimer.cancel();
        }
        intake.release();
        out().release();
        Objects.requireNonNull(deliveries).close();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof IOException) {
            LOG.debug("connection to {} broke", context.channel().remoteAddress(), cause);
            closeSocket();
            return;
        }
        LOG.error(
                "connection of {} is closed because of a bug", context.channel().remoteAddress(), cause);
        intake.recover();
        if (phase == Phase.CLOSING || phase == Phase.CLOSED) {
            closeSocket();
        } else {
            fail(ReplyCode.INTERNAL_ERROR, "see the broker's log", 0);
        }
    }

    // Frames.

    @Override
    public void violated(Violation violation) {
        switch (violation) {
            case Violation.WrongProtocol wrong -> {
                LOG.info("{} does not speak AMQP 0-9-1: {}", socket().remoteAddress(), wrong.text());
                out().buffer().writeBytes(wrong.reply());
                hangUp();
            }
            case Violation.Refused refused -> {
                int methodId = refused.classId() << 16 | refused.methodId();
                AmqpChannel channel = refused.code().isHard() ? null : channels.get(refused.channel());
                if (channel != null) {
                    channel.fail(refused.code(), refused.explanation(), methodId);
                } else {
                    fail(refused.code(), refused.explanation(), methodId);
                }
            }
        }
    }

    @Override
    public boolean isCongested() {
        return out().isCongested();
    }

    @Override
    public void setReading(boolean reading) {
        socket().config().setAutoRead(reading);
    }

    @Override
    public void hold() {
        intake.hold();
    }

    @Override
    public void goOn() {
        intake.goOn();
    }

    @Override
    public boolean consumes() {
        return channels.consume();
    }

    @Override
    public void blocked(String reason) {
        LOG.debug("publishes of {} wait: {}", socket().remoteAddress(), reason);
        if (phase == Phase.OPEN && handshake().clientIsCapableOf("connection.blocked")) {
            send(0, new ConnectionMethod.Blocked(reason));
        }
    }

    @Override
    public void unblocked() {
        if (phase == Phase.OPEN && handshake().clientIsCapableOf("connection.blocked")) {
            send(0, new ConnectionMethod.Unblocked());
        }
    }

    PublishBrake brake() {
        return brake;
    }

    @Override
    public void protocolHeader() {
        handshake().protocolHeader();
    }

    @Override
    public void method(int channel, AmqpMethod method) {
        if (channel == 0) {
            connectionMethod((ConnectionMethod) method);
            return;
        }
        channels.method(channel, method);
    }

    @Override
    public void publish(int channel, PublishFrame publish) {
        AmqpChannel open = channels.find(channel, BasicMethod.Publish.ID);
        if (open != null) {
            open.publish(publish);
            brake.publishing(open.waitFor());
        }
    }

    @Override
    public void ack(int channel, long deliveryTag, boolean multiple) {
        AmqpChannel open = channels.find(channel, BasicMethod.Ack.ID);
        if (open != null) {
            open.ack(deliveryTag, multiple);
        }
    }

    @Override
    public void header(int channel, ContentHeader header) {
        AmqpChannel open = channels.find(channel, 0);
        if (open != null) {
            open.header(header);
        }
    }

    @Override
    public void body(int channel, ByteBuf in, int index, int length) {
        AmqpChannel open = channels.find(channel, 0);
        if (open != null) {
            open.body(in, index, length);
        }
    }

    @Override
    public void heartbeat() {}

    private void connectionMethod(ConnectionMethod method) {
        if (phase == Phase.CLOSING) {
            if (method instanceof ConnectionMethod.CloseOk) {
                hangUp();
            } else if (method instanceof ConnectionMethod.Close) {
                send(0, new ConnectionMethod.CloseOk());
            }
        } else if (method instanceof ConnectionMethod.Close close) {
            LOG.debug("{} closes: {} {}", socket().remoteAddress(), close.replyCode(), close.replyText());
            send(0, new ConnectionMethod.CloseOk());
            hangUp();
        } else if (phase == Phase.HANDSHAKE) {
            handshake().method(method);
        } else {
            fail(ReplyCode.COMMAND_INVALID, "unimplemented method", method.id());
        }
    }

    // What the handshake decides.

    void tuned(int channelMax, int frameMaxBytes, int heartbeatSeconds) {
        intake.tune(frameMaxBytes, channelMax);
        frames.tune(frameMaxBytes);
        heartbeats =
                new Heartbeats(broker.shard(), this::takeReceived, out()::takeSent, this::sendHeartbeat, this::giveUp);
        heartbeats.start(heartbeatSeconds * MS_PER_SECOND);
    }

    void opened() {
        HandshakeDeadline.met(socket());
        phase = Phase.OPEN;
        id = broker.openConnection();
    }

    /** What waits in the socket while we do not read counts as received. */
    private boolean takeReceived() {
        boolean any = receivedSinceAsked || !socket().config().isAutoRead();
        receivedSinceAsked = false;
        return any;
    }

    private void sendHeartbeat() {
        if (phase == Phase.OPEN) {
            frames.heartbeat(out().buffer());
        }
    }

    private void giveUp() {
        LOG.warn(
                "nothing came from {} for two heartbeat intervals; the connection is closed", socket().remoteAddress());
        closeSocket();
    }

    // What the channels use.

    Outgoing out() {
        return Objects.requireNonNull(out);
    }

    DeliveryWriter deliveries() {
        return Objects.requireNonNull(deliveries);
    }

    FrameWriter frames() {
        return frames;
    }

    MessageAssembler newAssembler() {
        return new MessageAssembler(socket().alloc(), bodies);
    }

    long id() {
        return id;
    }

    String user() {
        return Logins.USER;
    }

    int maxMessageBytes() {
        return settings.maxMessageBytes();
    }

    boolean wantsCancelNotify() {
        return handshake().clientIsCapableOf("consumer_cancel_notify");
    }

    void send(int channel, AmqpMethod method) {
        frames.method(out().buffer(), channel, method);
    }

    void forget(int channel) {
        channels.remove(channel);
    }

    boolean isOpen() {
        return phase == Phase.OPEN;
    }

    void logChannelError(int channel, String text) {
        LOG.info("channel {} of {} is closed: {}", channel, socket().remoteAddress(), text);
    }

    // The end.

    /** Tells the client why the connection ends, and waits for its answer. */
    void fail(ReplyCode code, String explanation, int methodId) {
        if (phase == Phase.CLOSING || phase == Phase.CLOSED) {
            return;
        }
        String text = code.text(explanation);
        LOG.info("connection of {} is closed: {}", socket().remoteAddress(), text);
        phase = Phase.CLOSING;
        send(0, new ConnectionMethod.Close(code.code(), text, methodId >>> 16, methodId & 0xFFFF));
        endSession();
        closeTimer = broker.shard().schedule(this::closeSocket, CLOSE_TIMEOUT_MS);
    }

    /** Sends what is written and closes the socket. */
    void hangUp() {
        if (phase != Phase.CLOSED) {
            endSession();
            out().flush();
            phase = Phase.CLOSED;
            intake.end();
            closeSocket();
        }
    }

    private void closeSocket() {
        var _ = socket().close();
    }

    /** Channels, consumers and exclusive queues go; the socket may stay for a goodbye. */
    private void endSession() {
        if (heartbeats != null) {
            heartbeats.stop();
        }
        channels.close();
        brake.close();
        if (id != 0) {
            broker.closeConnection(id);
            id = 0;
        }
    }

    private Channel socket() {
        return Objects.requireNonNull(socket);
    }

    private ConnectionHandshake handshake() {
        return Objects.requireNonNull(handshake);
    }
}
