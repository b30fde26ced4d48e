package dev.sluice.amqp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;

/** A client that sends whatever a test wants, frame by frame. Owned by one test. */
final class RawClient implements AutoCloseable {
    private static final int FRAME_MAX_BYTES = 131_072;
    private static final int READ_TIMEOUT_MS = 20_000;

    private final Socket socket;
    private final FrameDecoder decoder = new FrameDecoder();
    private final FrameWriter writer = new FrameWriter();
    private final Frame.Recorder received = new Frame.Recorder();
    private final ByteBuf in = Unpooled.buffer();
    private int taken;

    RawClient(Socket socket) throws IOException {
        this.socket = socket;
        socket.setSoTimeout(READ_TIMEOUT_MS);
        decoder.tune(FRAME_MAX_BYTES, 0xFFFF);
        writer.tune(FRAME_MAX_BYTES);
        in.writeBytes(FrameDecoder.protocolHeader()); // the decoder wants what a server never sends
    }

    /** What a client sends until its connection is open, all at once. */
    static ByteBuf handshake() {
        var frames = new FrameWriter();
        ByteBuf out = Unpooled.buffer();
        out.writeBytes(FrameDecoder.protocolHeader());
        frames.method(out, 0, startOk("PLAIN", "\0guest\0guest"));
        frames.method(out, 0, new ConnectionMethod.TuneOk(2047, FRAME_MAX_BYTES, 0));
        frames.method(out, 0, new ConnectionMethod.Open("/"));
        return out;
    }

    static ConnectionMethod.StartOk startOk(String mechanism, String response) {
        FieldTable capabilities = FieldTable.builder()
                .put("authentication_failure_close", true)
                .put("consumer_cancel_notify", true)
                .build();
        FieldTable properties =
                FieldTable.builder().put("capabilities", capabilities).build();
        return new ConnectionMethod.StartOk(properties, mechanism, LongString.of(response), "en_US");
    }

    FrameWriter writer() {
        return writer;
    }

    void open() throws IOException {
        send(handshake());
        await(ConnectionMethod.OpenOk.class);
    }

    void send(int channel, AmqpMethod method) throws IOException {
        ByteBuf out = Unpooled.buffer();
        writer.method(out, channel, method);
        send(out);
    }

    void send(ByteBuf bytes) throws IOException {
        socket.getOutputStream().write(ByteBufUtil.getBytes(bytes));
    }

    /** Reads until a method of this kind comes, and returns it. */
    <M extends AmqpMethod> M await(Class<M> kind) throws IOException {
        while (true) {
            for (; taken < received.frames.size(); taken++) {
                if (received.frames.get(taken) instanceof Frame.Method frame && kind.isInstance(frame.method())) {
                    taken++;
                    return kind.cast(frame.method());
                }
            }
            if (!read()) {
                throw new AssertionError(
                        "the connection ended before " + kind.getSimpleName() + " came: " + received.frames);
            }
        }
    }

    /** Sends no more, and reads until the server has closed the connection; all that it sent. */
    List<Frame> readToTheEnd() throws IOException {
        while (read()) {}
        return new ArrayList<>(received.frames);
    }

    byte[] readBytesToTheEnd() throws IOException {
        return socket.getInputStream().readAllBytes();
    }

    private boolean read() throws IOException {
        byte[] chunk = new byte[65_536];
        InputStream stream = socket.getInputStream();
        int length;
        try {
            length = stream.read(chunk);
        } catch (SocketTimeoutException hung) {
            throw new AssertionError("the broker neither answers nor closes the connection", hung);
        } catch (SocketException _) {
            return false;
        }
        if (length < 0) {
            return false;
        }
        in.discardReadBytes().writeBytes(chunk, 0, length);
        Violation violation = decoder.decode(in, received);
        if (violation != null) {
            throw new AssertionError("the broker broke the protocol: " + violation.text());
        }
        return true;
    }

    void endOutput() throws IOException {
        socket.shutdownOutput();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
