package dev.sluice.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.MessageSizeAccumulator;
import org.apache.kafka.common.protocol.ObjectSerializationCache;

/** A client that sends requests of any version, and reads the answers with Kafka's own classes. Confined to one thread. */
final class RawClient implements AutoCloseable {
    private static final int READ_LIMIT_MS = 20_000;

    private final Socket socket;
    private final DataInputStream in;
    private final DataOutputStream out;
    private int lastId;

    RawClient(int port) throws IOException {
        this(port, 0);
    }

    /** {@code receiveBytes}: how much of what it does not read its machine takes, about; 0 for what is usual. */
    RawClient(int port, int receiveBytes) throws IOException {
        socket = new Socket();
        if (receiveBytes > 0) {
            socket.setReceiveBufferSize(receiveBytes);
        }
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(READ_LIMIT_MS);
        in = new DataInputStream(socket.getInputStream());
        out = new DataOutputStream(socket.getOutputStream());
    }

    /** Sends a request and reads its answer. */
    <R extends ApiMessage> R ask(ApiMessage request, int version, Class<R> type) throws IOException {
        send(request, version);
        return type.cast(receive(request.apiKey(), version));
    }

    void send(ApiMessage request, int version) throws IOException {
        sendFrame(encode(request, (short) version, ++lastId));
    }

    static byte[] encode(ApiMessage request, short version, int correlationId) {
        short headerVersion = ApiMessageType.fromApiKey(request.apiKey()).requestHeaderVersion(version);
        var header = new RequestHeaderData()
                .setRequestApiKey(request.apiKey())
                .setRequestApiVersion(version)
                .setCorrelationId(correlationId)
                .setClientId("raw");
        var cache = new ObjectSerializationCache();
        var size = new MessageSizeAccumulator();
        header.addSize(size, cache, headerVersion);
        request.addSize(size, cache, version);
        ByteBuffer bytes = ByteBuffer.allocate(size.totalSize());
        var writer = new ByteBufferAccessor(bytes);
        header.write(writer, cache, headerVersion);
        request.write(writer, cache, version);
        return bytes.array();
    }

    void sendFrame(byte[] frame) throws IOException {
        byte[] all = new byte[Integer.BYTES + frame.length];
        ByteBuffer.wrap(all).putInt(frame.length).put(frame);
        out.write(all);
    }

    void sendBytes(byte[] bytes) throws IOException {
        out.write(bytes);
    }

    /** The answer to the request that was sent last, or to the one before it that has none yet. */
    ApiMessage receive(short key, int version) throws IOException {
        byte[] frame = new byte[in.readInt()];
        in.readFully(frame);
        var reader = new ByteBufferAccessor(ByteBuffer.wrap(frame));
        ApiMessageType type = ApiMessageType.fromApiKey(key);
        var header = new ResponseHeaderData(reader, type.responseHeaderVersion((short) version));
        assertThat(header.correlationId()).isPositive().isLessThanOrEqualTo(lastId);
        ApiMessage response = type.newResponse();
        response.read(reader, (short) version);
        assertThat(reader.remaining()).as("bytes behind the response").isZero();
        return response;
    }

    /** Whether something of an answer has come. */
    boolean hasAnswer() throws IOException {
        return in.available() > 0;
    }

    /** Reads until the broker has closed the connection. */
    void expectTheEnd() throws IOException {
        try {
            while (in.read() >= 0) {
                // answers to what was in order
            }
        } catch (SocketException | EOFException reset) {
            // an end too
        }
    }

    void endOutput() throws IOException {
        socket.shutdownOutput();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
