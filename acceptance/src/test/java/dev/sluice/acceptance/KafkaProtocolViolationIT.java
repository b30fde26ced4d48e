package dev.sluice.acceptance;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersion;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.DefaultRecordBatch;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.requests.AbstractResponse;
import org.apache.kafka.common.requests.ApiVersionsRequest;
import org.apache.kafka.common.requests.ApiVersionsResponse;
import org.apache.kafka.common.requests.MetadataRequest;
import org.apache.kafka.common.requests.MetadataResponse;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.utils.internals.Crc32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the broker does with peers that break the rules of Kafka's protocol. */
@ExtendWith(KafkaExtension.class)
@Timeout(60)
final class KafkaProtocolViolationIT {
    private static final short NOT_YET_INVENTED = 99;
    private static final int FIRST_RECORD = DefaultRecordBatch.RECORD_BATCH_OVERHEAD;

    @Test
    void answersWithTheVersionsItKnowsToAClientThatIsTooNew(Kafka kafka) throws Exception {
        try (RawKafka raw = RawKafka.connect(kafka.port())) {
            byte[] noTaggedFieldsAndABody = {0, 1, 2, 3};
            raw.sendFrame(join(header(ApiKeys.API_VERSIONS.id, NOT_YET_INVENTED), noTaggedFieldsAndABody));
            var answer = (ApiVersionsResponse) AbstractResponse.parseResponse(
                    raw.receiveFrame(), new RequestHeader(ApiKeys.API_VERSIONS, (short) 0, "raw", 0));
            assertThat(Errors.forCode(answer.data().errorCode())).isEqualTo(Errors.UNSUPPORTED_VERSION);
            ApiVersion own = answer.apiVersion(ApiKeys.API_VERSIONS.id);
            assertThat(own.minVersion()).isZero();
            assertThat(own.maxVersion()).isPositive();
            assertThat(versions(raw, own.maxVersion()).data().errorCode()).isZero();
        }
    }

    @Test
    void answersRequestsInTheirOrder(Kafka kafka) throws Exception {
        String topic = kafka.topic("pipelined", 1);
        var metadata = new MetadataRequest.Builder(new MetadataRequestData()
                        .setTopics(List.of(new MetadataRequestData.MetadataRequestTopic().setName(topic))))
                .build((short) 9);
        try (RawKafka raw = RawKafka.connect(kafka.port())) {
            for (int i = 0; i < 20; i++) {
                raw.sendProduce(topic, batch("record " + i));
                raw.send(metadata);
            }
            for (int i = 0; i < 20; i++) {
                assertThat(raw.receiveProduced().baseOffset()).isEqualTo(i);
                MetadataResponse answer = raw.receive(MetadataResponse.class);
                assertThat(answer.errors()).isEmpty();
            }
        }
    }

    @Test
    void endsAConnectionThatSendsAnUnknownRequest(Kafka kafka) throws Exception {
        assertEnds(kafka, framed(header((short) 999, (short) 0)));
    }

    @Test
    void endsAConnectionThatSendsAnUnknownVersion(Kafka kafka) throws Exception {
        assertEnds(kafka, framed(header(ApiKeys.METADATA.id, NOT_YET_INVENTED)));
        assertEnds(kafka, framed(header(ApiKeys.METADATA.id, (short) -1)));
    }

    @Test
    void endsAConnectionThatClaimsAnImpossibleLength(Kafka kafka) throws Exception {
        assertEnds(kafka, new byte[] {0x7f, -1, -1, -1});
        assertEnds(kafka, new byte[] {-1, -1, -1, -1});
        assertEnds(kafka, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(UTF_8));
    }

    @Test
    void endsAConnectionWhoseRequestIsCutOff(Kafka kafka) throws Exception {
        byte[] whole = header(ApiKeys.METADATA.id, (short) 1);
        for (int length = 0; length <= whole.length; length++) {
            assertEnds(kafka, framed(Arrays.copyOf(whole, length)));
        }
    }

    @Test
    void endsAConnectionThatClaimsMoreElementsThanItSends(Kafka kafka) throws Exception {
        ByteBuffer request = ByteBuffer.allocate(100);
        request.put(header(ApiKeys.METADATA.id, (short) 1)).putInt(Integer.MAX_VALUE);
        assertEnds(kafka, framed(request.array()));
        request.putInt(request.position() - Integer.BYTES, 1).putShort(Short.MAX_VALUE);
        assertEnds(kafka, framed(request.array()));
    }

    /** Whatever the noise is taken for, the broker lives on. */
    @Test
    void outlivesNoise(Kafka kafka) throws Exception {
        Random random = new Random(1);
        for (int i = 0; i < 200; i++) {
            byte[] noise = new byte[2 + random.nextInt(100)];
            random.nextBytes(noise);
            ByteBuffer.wrap(noise).putShort((short) random.nextInt(75));
            try (RawKafka raw = RawKafka.connect(kafka.port())) {
                raw.sendFrame(noise);
            }
        }
        assertAlive(kafka);
    }

    @Test
    void outlivesPeersThatVanishInTheMiddleOfABatch(Kafka kafka) throws Exception {
        for (int length : new int[] {1, 4, 100, 100_000}) {
            try (RawKafka raw = RawKafka.connect(kafka.port())) {
                ByteBuffer begun = ByteBuffer.allocate(Math.max(Integer.BYTES, length));
                begun.putInt(0, 1_000_000);
                raw.sendBytes(Arrays.copyOf(begun.array(), length));
            }
        }
        assertAlive(kafka);
    }

    @Test
    void refusesDamagedBatchesAndTakesTheNext(Kafka kafka) throws Exception {
        String topic = kafka.topic("damaged", 1);
        try (RawKafka raw = RawKafka.connect(kafka.port())) {
            MemoryRecords flipped = batch("a damaged value");
            flipped.buffer().put(flipped.sizeInBytes() - 5, (byte) 'X');
            assertRefused(raw.produce(topic, flipped).errorCode(), Errors.CORRUPT_MESSAGE);

            assertThat(raw.produce(topic, batch("whole")).baseOffset()).isZero();
        }
        assertThat(kafka.read(topic)).extracting(ConsumerRecord::value).containsExactly("whole");
    }

    /** A producer with a bug can calculate the right checksum of the wrong bytes. */
    @Test
    void refusesBatchesThatContradictThemselves(Kafka kafka) throws Exception {
        String topic = kafka.topic("contradicting", 1);
        List<MemoryRecords> batches = List.of(
                altered(buffer -> buffer.putInt(DefaultRecordBatch.RECORDS_COUNT_OFFSET, 3)),
                altered(buffer -> buffer.putInt(DefaultRecordBatch.RECORDS_COUNT_OFFSET, Integer.MAX_VALUE)),
                altered(buffer -> buffer.putInt(DefaultRecordBatch.RECORDS_COUNT_OFFSET, -1)),
                altered(buffer -> buffer.putInt(DefaultRecordBatch.LAST_OFFSET_DELTA_OFFSET, 7)),
                altered(buffer -> buffer.putInt(DefaultRecordBatch.LAST_OFFSET_DELTA_OFFSET, -1)),
                altered(buffer -> buffer.put(FIRST_RECORD, (byte) 120)),
                altered(buffer -> buffer.put(FIRST_RECORD + 4, (byte) 126)));
        try (RawKafka raw = RawKafka.connect(kafka.port())) {
            for (MemoryRecords batch : batches) {
                short error = raw.produce(topic, batch).errorCode();
                assertThat(Errors.forCode(error))
                        .as("batch %d", batches.indexOf(batch))
                        .isIn(Errors.INVALID_RECORD, Errors.CORRUPT_MESSAGE);
            }
            assertThat(raw.produce(topic, batch("whole")).baseOffset()).isZero();
        }
    }

    @Test
    void refusesAnythingButOneBatch(Kafka kafka) throws Exception {
        String topic = kafka.topic("several", 1);
        MemoryRecords one = batch("one");
        ByteBuffer two = ByteBuffer.allocate(2 * one.sizeInBytes());
        two.put(one.buffer().duplicate()).put(one.buffer().duplicate()).flip();
        try (RawKafka raw = RawKafka.connect(kafka.port())) {
            assertRefused(raw.produce(topic, MemoryRecords.readableRecords(two)).errorCode(), Errors.INVALID_RECORD);
            assertThat(Errors.forCode(raw.produce(topic, MemoryRecords.EMPTY).errorCode()))
                    .isIn(Errors.INVALID_RECORD, Errors.CORRUPT_MESSAGE);
            assertThat(raw.produce(topic, one).baseOffset()).isZero();
        }
    }

    @Test
    void refusesBatchesForTopicsAndPartitionsThatDoNotExist(Kafka kafka) throws Exception {
        try (RawKafka raw = RawKafka.connect(kafka.port())) {
            assertRefused(
                    raw.produce(kafka.name("unknown"), batch("lost")).errorCode(), Errors.UNKNOWN_TOPIC_OR_PARTITION);
            assertRefused(raw.produce("no good/name", batch("lost")).errorCode(), Errors.UNKNOWN_TOPIC_OR_PARTITION);
        }
    }

    private interface Alteration {
        void apply(ByteBuffer batch);
    }

    /** A batch of two records that was altered and got the checksum of what it is now. */
    private static MemoryRecords altered(Alteration alteration) {
        MemoryRecords records = batch("first", "second");
        ByteBuffer buffer = records.buffer();
        alteration.apply(buffer);
        int afterCrc = DefaultRecordBatch.CRC_OFFSET + Integer.BYTES;
        long crc = Crc32C.compute(buffer, afterCrc, buffer.limit() - afterCrc);
        buffer.putInt(DefaultRecordBatch.CRC_OFFSET, (int) crc);
        return MemoryRecords.readableRecords(buffer);
    }

    private static MemoryRecords batch(String... values) {
        return MemoryRecords.withRecords(
                Compression.NONE,
                Stream.of(values)
                        .map(value -> new SimpleRecord(System.currentTimeMillis(), value.getBytes(UTF_8)))
                        .toArray(SimpleRecord[]::new));
    }

    private static void assertRefused(short code, Errors error) {
        assertThat(Errors.forCode(code)).isEqualTo(error);
    }

    /** Another connection is served while the one that sends these bytes ends. */
    private static void assertEnds(Kafka kafka, byte[] bytes) throws IOException {
        try (RawKafka raw = RawKafka.connect(kafka.port())) {
            raw.sendBytes(bytes);
            raw.untilEnd();
        }
        assertAlive(kafka);
    }

    private static void assertAlive(Kafka kafka) throws IOException {
        try (RawKafka other = RawKafka.connect(kafka.port())) {
            assertThat(versions(other, (short) 3).data().errorCode()).isZero();
        }
    }

    private static ApiVersionsResponse versions(RawKafka raw, short version) throws IOException {
        raw.send(new ApiVersionsRequest.Builder(version).build(version));
        return raw.receive(ApiVersionsResponse.class);
    }

    /** The header of a request, in the first form that had one, with correlation id 0 and client id "raw". */
    private static byte[] header(short apiKey, short version) {
        return ByteBuffer.allocate(13)
                .putShort(apiKey)
                .putShort(version)
                .putInt(0)
                .putShort((short) 3)
                .put("raw".getBytes(UTF_8))
                .array();
    }

    private static byte[] framed(byte[] frame) {
        return join(ByteBuffer.allocate(Integer.BYTES).putInt(frame.length).array(), frame);
    }

    private static byte[] join(byte[] head, byte[] tail) {
        return ByteBuffer.allocate(head.length + tail.length)
                .put(head)
                .put(tail)
                .array();
    }
}
