package dev.sluice.amqp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;

/** A client that publishes to a durable queue with confirms, and consumes and acknowledges what it published. Blocks; confined to one thread. */
public final class AmqpRehearsal implements AutoCloseable {
    private static final int ROUNDS = 300;
    private static final int MESSAGES_PER_ROUND = 100;
    private static final int BODY_BYTES = 100;
    /** Class, weight, size of the body, flags, delivery mode. */
    private static final int CONTENT_HEADER_BYTES = 15;

    private static final int CHANNEL = 1;
    private static final int FRAME_MAX_BYTES = 131_072;
    private static final int TIMEOUT_MS = 20_000;
    private static final String QUEUE = "rehearsal";
    /** Of basic: delivery mode alone, and there persistent. */
    private static final int PERSISTENT_FLAG = 0x1000;

    private static final int PERSISTENT = 2;

    private final Socket socket = new Socket();
    private final DataInputStream in;
    private final FrameWriter frames = new FrameWriter();
    private final ByteBuf out = Unpooled.buffer();
    private long confirmed;
    private long delivered;

    private AmqpRehearsal(InetSocketAddress listener) throws IOException {
        socket.connect(listener);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(TIMEOUT_MS);
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
    }

    /** Does it with a broker that is there for nothing else. */
    public static void run(InetSocketAddress listener) throws IOException {
        try (var client = new AmqpRehearsal(listener)) {
            client.open();
            for (int round = 1; round <= ROUNDS; round++) {
                client.round((long) round * MESSAGES_PER_ROUND);
            }
            client.end();
        }
    }

    private void open() throws IOException {
        out.writeBytes(FrameDecoder.protocolHeader());
        frames.method(
                out,
                0,
                new ConnectionMethod.StartOk(FieldTable.EMPTY, "PLAIN", LongString.of("\0guest\0guest"), "en_US"));
        frames.method(out, 0, new ConnectionMethod.TuneOk(CHANNEL, FRAME_MAX_BYTES, 0));
        frames.method(out, 0, new ConnectionMethod.Open("/"));
        frames.method(out, CHANNEL, new ChannelMethod.Open());
        frames.method(out, CHANNEL, new ConfirmMethod.Select(false));
        frames.method(out, CHANNEL, new QueueMethod.Declare(QUEUE, false, true, false, false, false, FieldTable.EMPTY));
        frames.method(out, CHANNEL, new BasicMethod.Qos(0, MESSAGES_PER_ROUND, false));
        frames.method(out, CHANNEL, new BasicMethod.Consume(QUEUE, "", false, false, false, false, FieldTable.EMPTY));
        send();
        await(BasicMethod.ConsumeOk.ID);
    }

    /** Publishes until there are {@code last} messages in all, and waits for their confirms and deliveries. */
    private void round(long last) throws IOException {
        for (int i = 0; i < MESSAGES_PER_ROUND; i++) {
            frames.method(out, CHANNEL, new BasicMethod.Publish("", QUEUE, false, false));
            out.writeByte(FrameDecoder.HEADER).writeShort(CHANNEL).writeInt(CONTENT_HEADER_BYTES);
            out.writeShort(BasicMethod.CLASS_ID).writeShort(0).writeLong(BODY_BYTES);
            out.writeShort(PERSISTENT_FLAG).writeByte(PERSISTENT).writeByte(FrameDecoder.FRAME_END);
            out.writeByte(FrameDecoder.BODY).writeShort(CHANNEL).writeInt(BODY_BYTES);
            out.writeZero(BODY_BYTES).writeByte(FrameDecoder.FRAME_END);
        }
        send();
        while (confirmed < last || delivered < last) {
            read();
        }
        frames.method(out, CHANNEL, new BasicMethod.Ack(last, true));
        send();
    }

    private void end() throws IOException {
        frames.method(out, CHANNEL, new QueueMethod.Delete(QUEUE, false, false, false));
        frames.method(out, 0, new ConnectionMethod.Close(ReplyCode.SUCCESS.code(), "", 0, 0));
        send();
        await(ConnectionMethod.CloseOk.ID);
    }

    private void send() throws IOException {
        out.readBytes(socket.getOutputStream(), out.readableBytes());
        out.clear();
    }

    private void await(int method) throws IOException {
        int found = read();
        while (found != method) {
            if (found == ConnectionMethod.Close.ID || found == ChannelMethod.Close.ID) {
                throw new IOException("the broker refused");
            }
            found = read();
        }
    }

    /** Reads one frame; the method that it carries, or 0. */
    private int read() throws IOException {
        int type = in.readUnsignedByte();
        in.readUnsignedShort();
        ByteBuf payload = Unpooled.wrappedBuffer(in.readNBytes(in.readInt()));
        in.readUnsignedByte();
        if (type != FrameDecoder.METHOD) {
            return 0;
        }
        int method = payload.readInt();
        if (method == BasicMethod.Ack.ID) {
            confirmed = payload.readLong();
        } else if (method == BasicMethod.Deliver.ID) {
            payload.skipBytes(payload.readUnsignedByte());
            delivered = payload.readLong();
        }
        return method;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
