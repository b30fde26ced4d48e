package dev.sluice.kafka;

import static dev.sluice.kafka.Requests.PRODUCE_BY_NAME;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.sluice.broker.QueueProperty;
import dev.sluice.broker.QueueSettings;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32C;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.DescribeProducersRequestData;
import org.apache.kafka.common.message.DescribeProducersRequestData.TopicRequest;
import org.apache.kafka.common.message.DescribeProducersResponseData;
import org.apache.kafka.common.message.DescribeProducersResponseData.ProducerState;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.message.ProduceResponseData.PartitionProduceResponse;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Ids of producers, and batches that carry them. */
@Timeout(60)
class ProducersTest {
    private static final String TOPIC = "orders";
    private static final int NEWEST = 5;

    private static final int CRC = 17;
    private static final int ATTRIBUTES = 21;
    private static final int BASE_SEQUENCE = 53;

    private RunningKafka kafka;
    private RawClient client;

    @BeforeEach
    void open(@TempDir Path folder) throws Exception {
        kafka = new RunningKafka(folder);
        client = kafka.connect();
        kafka.declare(TOPIC, QueueSettings.DEFAULT.with(QueueProperty.QUEUE_TYPE, "topic"));
    }

    @AfterEach
    void close() throws Exception {
        client.close();
        kafka.close();
    }

    @Test
    void eachProducerGetsAnIdOfItsOwnInEveryVersion() throws Exception {
        Set<Long> ids = new HashSet<>();
        for (int version = 0; version <= NEWEST; version++) {
            InitProducerIdResponseData response = init(forIdempotence(), version);
            assertThat(response.errorCode()).isZero();
            assertThat(response.producerId()).isNotNegative();
            assertThat(response.producerEpoch()).isZero();
            ids.add(response.producerId());
        }
        assertThat(ids).hasSize(NEWEST + 1);
    }

    @Test
    void aProducerThatNamesWhatItHadGetsANewId() throws Exception {
        long former = init(forIdempotence(), NEWEST).producerId();
        var again = forIdempotence().setProducerId(former).setProducerEpoch((short) 3);
        InitProducerIdResponseData response = init(again, NEWEST);
        assertThat(response.errorCode()).isZero();
        assertThat(response.producerId()).isNotEqualTo(former);
        assertThat(response.producerEpoch()).isZero();
    }

    @Test
    void refusesWhatIsNoProducerOfThese() throws Exception {
        assertThat(init(forIdempotence().setTransactionalId("tx"), NEWEST).errorCode())
                .isEqualTo(Errors.UNSUPPORTED_VERSION.code());
        InitProducerIdResponseData half = init(forIdempotence().setProducerId(7), NEWEST);
        assertThat(half.errorCode()).isEqualTo(Errors.INVALID_REQUEST.code());
        assertThat(half.producerId()).isEqualTo(-1);
    }

    @Test
    void tellsABatchThatComesAgainFromOneThatHasNoPlace() throws Exception {
        assertStored(produce(7, 1, 0, "a", "b"), 0);
        assertStored(produce(7, 1, 2, "c"), 2);
        assertStored(produce(7, 1, 0, "a", "b"), 0);
        PartitionProduceResponse gap = produce(7, 1, 4, "e");
        assertThat(gap.errorCode()).isEqualTo(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER.code());
        assertThat(gap.errorMessage()).contains("begins with sequence number 3, not 4");
        assertThat(produce(7, 0, 0, "a").errorCode()).isEqualTo(Errors.INVALID_PRODUCER_EPOCH.code());
        assertStored(produce(7, 1, 3, "d"), 3);
    }

    @Test
    void refusesABatchWithAProducerAndWithoutANumber() throws Exception {
        ByteBuffer batch = ByteBuffer.wrap(batch(7, 1, 0, "a")).putInt(BASE_SEQUENCE, -1);
        var crc = new CRC32C();
        crc.update(batch.slice(ATTRIBUTES, batch.capacity() - ATTRIBUTES));
        batch.putInt(CRC, (int) crc.getValue());
        assertThat(produce(batch.array()).errorCode()).isEqualTo(Errors.INVALID_RECORD.code());
    }

    @Test
    void saysWhoHasSentNumberedBatches() throws Exception {
        long before = System.currentTimeMillis();
        produce(7, 1, 0, "a", "b");
        produce(8, 0, 5, "c");
        var request = new DescribeProducersRequestData();
        request.topics().add(new TopicRequest().setName(TOPIC).setPartitionIndexes(List.of(0, 1)));
        var topic = client.ask(request, 0, DescribeProducersResponseData.class)
                .topics()
                .getFirst();
        assertThat(topic.partitions().getFirst().activeProducers())
                .extracting(
                        ProducerState::producerId,
                        ProducerState::producerEpoch,
                        ProducerState::lastSequence,
                        ProducerState::coordinatorEpoch,
                        ProducerState::currentTxnStartOffset)
                .containsExactly(tuple(7L, 1, 1, -1, -1L), tuple(8L, 0, 5, -1, -1L));
        assertThat(topic.partitions().getFirst().activeProducers())
                .allMatch(producer -> producer.lastTimestamp() >= before);
        assertThat(topic.partitions().getLast().errorCode()).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
    }

    private static InitProducerIdRequestData forIdempotence() {
        return new InitProducerIdRequestData().setTransactionalId(null).setTransactionTimeoutMs(Integer.MAX_VALUE);
    }

    private InitProducerIdResponseData init(InitProducerIdRequestData request, int version) throws Exception {
        return client.ask(request, version, InitProducerIdResponseData.class);
    }

    private PartitionProduceResponse produce(long producer, int epoch, int sequence, String... texts) throws Exception {
        return produce(batch(producer, epoch, sequence, texts));
    }

    private PartitionProduceResponse produce(byte[] batch) throws Exception {
        return Requests.only(client.ask(Requests.produce(TOPIC, 0, batch), PRODUCE_BY_NAME, ProduceResponseData.class));
    }

    private static byte[] batch(long producer, int epoch, int sequence, String... texts) {
        SimpleRecord[] records = Arrays.stream(texts)
                .map(text -> new SimpleRecord(text.getBytes(StandardCharsets.UTF_8)))
                .toArray(SimpleRecord[]::new);
        ByteBuffer buffer = MemoryRecords.withIdempotentRecords(
                        Compression.NONE, producer, (short) epoch, sequence, records)
                .buffer();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    private static void assertStored(PartitionProduceResponse answer, long offset) {
        assertThat(Errors.forCode(answer.errorCode())).isEqualTo(Errors.NONE);
        assertThat(answer.baseOffset()).isEqualTo(offset);
    }
}
