package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceRequestData.PartitionProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceDataCollection;
import org.apache.kafka.common.message.ProduceResponseData.PartitionProduceResponse;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.requests.AbstractRequest;
import org.apache.kafka.common.requests.AbstractResponse;
import org.apache.kafka.common.requests.InitProducerIdRequest;
import org.apache.kafka.common.requests.InitProducerIdResponse;
import org.apache.kafka.common.requests.ProduceRequest;
import org.apache.kafka.common.requests.ProduceResponse;
import org.apache.kafka.common.requests.RequestHeader;

/** A peer that speaks Kafka's protocol frame by frame and breaks its rules where a test asks for it. Confined to one thread. */
final class RawKafka implements AutoCloseable {
    private static final int READ_LIMIT_MS = 10_000;
    private static final String CLIENT_ID = "raw";
    private static final short ALL = -1;

    /** The newest version that names topics by their names. */
    private static final short PRODUCE_VERSION = 12;

    private final Socket socket;
    private final DataInputStream in;
    private final DataOutputStream out;
    private final Deque<RequestHeader> unanswered = new ArrayDeque<>();
    private int sent;

    private RawKafka(Socket socket) throws IOException {
        this.socket = socket;
        in = new DataInputStream(socket.getInputStream());
        out = new DataOutputStream(socket.getOutputStream());
    }

    static RawKafka connect(int port) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(READ_LIMIT_MS);
        return new RawKafka(socket);
    }

    /** Sends a request without waiting for its answer. */
    void send(AbstractRequest request) throws IOException {
        RequestHeader header = new RequestHeader(request.apiKey(), request.version(), CLIENT_ID, sent++);
        unanswered.add(header);
        ByteBuffer frame = request.serializeWithHeader(header);
        byte[] bytes = new byte[frame.remaining()];
        frame.get(bytes);
        sendFrame(bytes);
    }

    /** Sends these bytes as one frame; its answer, if there is one, is to be taken by {@link #receiveFrame}. */
    void sendFrame(byte[] frame) throws IOException {
        byte[] all = new byte[Integer.BYTES + frame.length];
        ByteBuffer.wrap(all).putInt(frame.length).put(frame);
        sendBytes(all);
    }

    void sendBytes(byte[] bytes) throws IOException {
        out.write(bytes);
    }

    /** The answer to the oldest request that has none yet. */
    <T extends AbstractResponse> T receive(Class<T> type) throws IOException {
        return type.cast(AbstractResponse.parseResponse(receiveFrame(), unanswered.remove()));
    }

    ByteBuffer receiveFrame() throws IOException {
        byte[] frame = new byte[in.readInt()];
        in.readFully(frame);
        return ByteBuffer.wrap(frame);
    }

    /** Reads until the broker closes the connection; fails where it does not. */
    void untilEnd() throws IOException {
        try {
            while (true) {
                receiveFrame();
            }
        } catch (EOFException | SocketException e) {
            // The end that was waited for.
        }
    }

    /** The id of a new idempotent producer. A broker that has just begun may ask to come again. */
    long producerId() throws IOException {
        var request = new InitProducerIdRequest.Builder(new InitProducerIdRequestData()
                        .setTransactionalId(null)
                        .setTransactionTimeoutMs(Integer.MAX_VALUE))
                .build((short) 4);
        InitProducerIdResponse answer;
        do {
            send(request);
            answer = receive(InitProducerIdResponse.class);
        } while (answer.error() == Errors.COORDINATOR_LOAD_IN_PROGRESS);
        assertThat(answer.error()).isEqualTo(Errors.NONE);
        return answer.data().producerId();
    }

    /** Sends one batch, or what pretends to be one, and waits for the answer. */
    PartitionProduceResponse produce(String topic, MemoryRecords records) throws IOException {
        sendProduce(topic, records);
        return receiveProduced();
    }

    /** Sends one batch to partition 0 with acks=all. */
    void sendProduce(String topic, MemoryRecords records) throws IOException {
        var partition = new PartitionProduceData().setIndex(0).setRecords(records);
        var topics = new TopicProduceDataCollection();
        topics.add(new TopicProduceData().setName(topic).setPartitionData(List.of(partition)));
        send(new ProduceRequest(
                new ProduceRequestData()
                        .setAcks(ALL)
                        .setTimeoutMs(READ_LIMIT_MS)
                        .setTopicData(topics),
                PRODUCE_VERSION));
    }

    PartitionProduceResponse receiveProduced() throws IOException {
        return receive(ProduceResponse.class)
                .data()
                .responses()
                .iterator()
                .next()
                .partitionResponses()
                .getFirst();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
