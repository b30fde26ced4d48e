package dev.sluice.acceptance;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Method;
import com.rabbitmq.client.impl.AMQImpl;
import com.rabbitmq.client.impl.LongStringHelper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;

/** A peer that speaks AMQP frame by frame and breaks its rules where a test asks for it. Confined to one thread. */
final class RawAmqp implements AutoCloseable {
    static final byte[] PROTOCOL_HEADER = {'A', 'M', 'Q', 'P', 0, 0, 9, 1};
    static final int METHOD = 1;
    static final int HEADER = 2;
    static final int BODY = 3;
    static final int HEARTBEAT = 8;
    static final int FRAME_END = 0xCE;

    private static final int BASIC_CLASS = 60;

    /** What a frame adds to its payload: type, channel, size and end. */
    static final int FRAME_OVERHEAD = 8;

    private static final int READ_LIMIT_MS = 10_000;
    private static final Map<String, Object> CAPABILITIES = Map.of("authentication_failure_close", true);

    /** One frame as it came. */
    static final class RawFrame {
        private final int type;
        private final int channel;
        private final byte[] payload;

        private RawFrame(int type, int channel, byte[] payload) {
            this.type = type;
            this.channel = channel;
            this.payload = payload;
        }

        int type() {
            return type;
        }

        int channel() {
            return channel;
        }

        /** Not to be changed. */
        byte[] payload() {
            return payload;
        }

        @Override
        public String toString() {
            return "frame of type " + type + " on channel " + channel + ", " + payload.length + " bytes";
        }
    }

    private final Socket socket;
    private final DataInputStream in;
    private final DataOutputStream out;

    private RawAmqp(Socket socket) throws IOException {
        this.socket = socket;
        in = new DataInputStream(socket.getInputStream());
        out = new DataOutputStream(socket.getOutputStream());
    }

    /** Opens the socket and sends nothing. */
    static RawAmqp connect(int port) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(READ_LIMIT_MS);
        return new RawAmqp(socket);
    }

    /** Opens a connection with what the broker offers and no heartbeats. */
    static RawAmqp open(int port) throws IOException {
        return open(port, 0, 0, 0);
    }

    /** Opens a connection; where {@code channelMax} or {@code frameMax} is 0, with what the broker offers. */
    static RawAmqp open(int port, int channelMax, int frameMax, int heartbeatSeconds) throws IOException {
        RawAmqp amqp = connect(port);
        AMQP.Connection.Tune tune = amqp.login("PLAIN", "\0guest\0guest");
        amqp.tuneAndOpen(
                channelMax == 0 ? tune.getChannelMax() : channelMax,
                frameMax == 0 ? tune.getFrameMax() : frameMax,
                heartbeatSeconds);
        amqp.expect(AMQP.Connection.OpenOk.class);
        return amqp;
    }

    AMQP.Connection.Start start() throws IOException {
        out.write(PROTOCOL_HEADER);
        return expect(AMQP.Connection.Start.class);
    }

    AMQP.Connection.Tune login(String mechanism, String response) throws IOException {
        start();
        startOk(mechanism, response);
        return expect(AMQP.Connection.Tune.class);
    }

    void startOk(String mechanism, String response) throws IOException {
        send(
                0,
                new AMQImpl.Connection.StartOk(
                        Map.of("capabilities", CAPABILITIES),
                        mechanism,
                        LongStringHelper.asLongString(Publish.bytes(response)),
                        "en_US"));
    }

    void tuneAndOpen(int channelMax, int frameMax, int heartbeatSeconds) throws IOException {
        send(0, new AMQImpl.Connection.TuneOk(channelMax, frameMax, heartbeatSeconds));
        send(0, new AMQImpl.Connection.Open("/", "", false));
    }

    void openChannel(int channel) throws IOException {
        send(channel, new AMQImpl.Channel.Open(""));
        expect(AMQP.Channel.OpenOk.class);
    }

    void consume(int channel, String queue) throws IOException {
        consume(channel, queue, false);
    }

    void consumeWithoutAcknowledging(int channel, String queue) throws IOException {
        consume(channel, queue, true);
    }

    private void consume(int channel, String queue, boolean noAck) throws IOException {
        send(channel, new AMQImpl.Basic.Consume(0, queue, "", false, noAck, false, false, Map.of()));
        expect(AMQP.Basic.ConsumeOk.class);
    }

    /** Reads whole deliveries with bodies of one frame. */
    void skipDeliveries(int count) throws IOException {
        for (int i = 0; i < count; i++) {
            expect(AMQP.Basic.Deliver.class);
            content();
            content();
        }
    }

    void send(int channel, com.rabbitmq.client.impl.Method method) throws IOException {
        method.toFrame(channel).writeTo(out);
        out.flush();
    }

    void sendFrame(int type, int channel, byte[] payload) throws IOException {
        sendFrame(type, channel, payload, FRAME_END);
    }

    void sendFrame(int type, int channel, byte[] payload, int end) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream frame = new DataOutputStream(bytes);
        frame.writeByte(type);
        frame.writeShort(channel);
        frame.writeInt(payload.length);
        frame.write(payload);
        frame.writeByte(end);
        sendBytes(bytes.toByteArray());
    }

    void sendBytes(byte[] bytes) throws IOException {
        out.write(bytes);
        out.flush();
    }

    /** Sends a content header of class basic whose properties, flags included, are these bytes. */
    void sendContentHeader(int channel, long bodyBytes, byte[] flagsAndProperties) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream payload = new DataOutputStream(bytes);
        payload.writeShort(BASIC_CLASS);
        payload.writeShort(0);
        payload.writeLong(bodyBytes);
        payload.write(flagsAndProperties);
        sendFrame(HEADER, channel, bytes.toByteArray());
    }

    RawFrame frame() throws IOException {
        int type = in.readUnsignedByte();
        int channel = in.readUnsignedShort();
        byte[] payload = in.readNBytes(in.readInt());
        if (in.readUnsignedByte() != FRAME_END) {
            throw new AssertionError("no frame end after " + HexFormat.of().formatHex(payload));
        }
        return new RawFrame(type, channel, payload);
    }

    /** The next frame that is not a heartbeat. */
    RawFrame content() throws IOException {
        RawFrame frame = frame();
        while (frame.type() == HEARTBEAT) {
            frame = frame();
        }
        return frame;
    }

    Method method() throws IOException {
        RawFrame frame = content();
        if (frame.type() != METHOD) {
            throw new AssertionError("not a method: " + frame);
        }
        return AMQImpl.readMethodFrom(new DataInputStream(new ByteArrayInputStream(frame.payload())));
    }

    <M extends Method> M expect(Class<M> type) throws IOException {
        Method method = method();
        if (!type.isInstance(method)) {
            throw new AssertionError("expected " + type.getName() + " but got " + method);
        }
        return type.cast(method);
    }

    /** Reads until the broker closes the connection or the channel with a reason, and answers. */
    Closed closed() throws IOException {
        while (true) {
            RawFrame frame = content();
            if (frame.type() != METHOD) {
                continue;
            }
            switch (AMQImpl.readMethodFrom(new DataInputStream(new ByteArrayInputStream(frame.payload())))) {
                case AMQP.Connection.Close close -> {
                    send(0, new AMQImpl.Connection.CloseOk());
                    return Closed.connection(close.getReplyCode(), close.getReplyText());
                }
                case AMQP.Channel.Close close -> {
                    send(frame.channel(), new AMQImpl.Channel.CloseOk());
                    return Closed.channel(close.getReplyCode(), close.getReplyText());
                }
                default -> {
                    // An answer to what was asked before.
                }
            }
        }
    }

    /** What the broker still sends until it closes or resets the socket. */
    byte[] untilEnd() throws IOException {
        ByteArrayOutputStream received = new ByteArrayOutputStream();
        try {
            for (int b = in.read(); b >= 0; b = in.read()) {
                received.write(b);
            }
        } catch (SocketException e) {
            // A reset is an end as well.
        }
        return received.toByteArray();
    }

    /** Waits until the broker ends the connection: with a reason, or, where it gives none, by closing the socket. */
    Optional<Closed> ended() throws IOException {
        try {
            return Optional.of(closed());
        } catch (EOFException | SocketException e) {
            return Optional.empty();
        }
    }

    /** Reads frames until the broker closes the socket; how many were heartbeats. */
    int heartbeatsUntilEnd() throws IOException {
        int heartbeats = 0;
        try {
            while (true) {
                heartbeats += frame().type() == HEARTBEAT ? 1 : 0;
            }
        } catch (EOFException | SocketException e) {
            return heartbeats;
        }
    }

    void readLimitMs(int limitMs) throws IOException {
        socket.setSoTimeout(limitMs);
    }

    /** Closes the socket without a word. */
    @Override
    public void close() throws IOException {
        socket.close();
    }
}
