package dev.sluice.kafka;

import static dev.sluice.kafka.Requests.FETCH_BY_NAME;
import static dev.sluice.kafka.Requests.PRODUCE_BY_NAME;
import static dev.sluice.kafka.Requests.batch;
import static dev.sluice.kafka.Requests.fetch;
import static dev.sluice.kafka.Requests.only;
import static dev.sluice.kafka.Requests.produce;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.broker.BrokerLimits;
import dev.sluice.broker.QueueProperty;
import dev.sluice.broker.QueueSettings;
import dev.sluice.log.Storage;
import dev.sluice.log.StorageConfig;
import io.netty.buffer.PooledByteBufAllocator;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.DescribeLogDirsRequestData;
import org.apache.kafka.common.message.DescribeLogDirsResponseData;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.apache.kafka.common.message.FetchRequestData.FetchTopic;
import org.apache.kafka.common.message.FetchRequestData.ForgottenTopic;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataRequestData.MetadataRequestTopic;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.MessageSizeAccumulator;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What one client can make the broker hold for it. */
@Timeout(120)
@SuppressWarnings("try") // closing blocks, and a test may be interrupted
class BoundsTest {
    private static final String TOPIC = "orders";
    private static final int MIB = 1 << 20;

    @TempDir
    Path folder;

    // Fetch sessions

    @Test
    void aSessionHasSoManyPartitionsAndNoMore() throws Exception {
        try (var kafka = new RunningKafka(folder);
                RawClient client = kafka.connect()) {
            FetchResponseData begun = ask(client, fetchOf(0, FetchSessions.MOST_PARTITIONS, 0, 0));
            assertThat(begun.sessionId()).isPositive();
            assertThat(partitions(begun)).isEqualTo(FetchSessions.MOST_PARTITIONS);

            FetchRequestData swap = fetchOf(FetchSessions.MOST_PARTITIONS, 1, begun.sessionId(), 1)
                    .setForgottenTopicsData(
                            List.of(new ForgottenTopic().setTopic(TOPIC).setPartitions(List.of(0))));
            assertThat(ask(client, swap).errorCode())
                    .as("one goes and one comes")
                    .isZero();

            FetchResponseData oneMore = ask(client, fetchOf(0, 1, begun.sessionId(), 2));
            assertThat(oneMore.errorCode()).isEqualTo(Errors.FETCH_SESSION_ID_NOT_FOUND.code());
            assertThat(oneMore.responses()).isEmpty();
            assertThat(ask(client, fetchOf(0, 0, begun.sessionId(), 3)).errorCode())
                    .as("the session is gone")
                    .isEqualTo(Errors.FETCH_SESSION_ID_NOT_FOUND.code());

            FetchResponseData inFull = ask(client, fetchOf(0, FetchSessions.MOST_PARTITIONS + 1, 0, 0));
            assertThat(inFull.errorCode()).isZero();
            assertThat(inFull.sessionId()).isZero();
            assertThat(partitions(inFull)).isEqualTo(FetchSessions.MOST_PARTITIONS + 1);
        }
    }

    @Test
    void aConnectionHasOneSessionWhichNobodyElseKnows() throws Exception {
        try (var kafka = new RunningKafka(folder);
                RawClient client = kafka.connect();
                RawClient other = kafka.connect()) {
            int first = ask(client, fetchOf(0, 1, 0, 0)).sessionId();
            assertThat(ask(other, fetchOf(0, 0, first, 1)).errorCode())
                    .isEqualTo(Errors.FETCH_SESSION_ID_NOT_FOUND.code());
            int second = ask(client, fetchOf(0, 1, 0, 0)).sessionId();
            assertThat(second).isPositive().isNotEqualTo(first);
            assertThat(ask(client, fetchOf(0, 0, first, 1)).errorCode())
                    .isEqualTo(Errors.FETCH_SESSION_ID_NOT_FOUND.code());
            assertThat(ask(client, fetchOf(0, 0, second, 1)).errorCode()).isZero();
            assertThat(ask(client, fetchOf(0, 1, second, -1)).sessionId())
                    .as("the client ends it")
                    .isZero();
            assertThat(ask(client, fetchOf(0, 0, second, 2)).errorCode())
                    .isEqualTo(Errors.FETCH_SESSION_ID_NOT_FOUND.code());
        }
    }

    /** Of partitions of a topic that there is not, which is answered without looking at anything. */
    private static FetchRequestData fetchOf(int first, int count, int sessionId, int epoch) {
        List<FetchPartition> partitions = IntStream.range(first, first + count)
                .mapToObj(partition -> new FetchPartition().setPartition(partition))
                .toList();
        var topics = new ArrayList<FetchTopic>();
        if (count > 0) {
            topics.add(new FetchTopic().setTopic(TOPIC).setPartitions(new ArrayList<>(partitions)));
        }
        return new FetchRequestData().setTopics(topics).setSessionId(sessionId).setSessionEpoch(epoch);
    }

    private static FetchResponseData ask(RawClient client, FetchRequestData request) throws Exception {
        return client.ask(request, FETCH_BY_NAME, FetchResponseData.class);
    }

    private static int partitions(FetchResponseData response) {
        return response.responses().stream()
                .mapToInt(topic -> topic.partitions().size())
                .sum();
    }

    // Requests and answers

    @Test
    void soManyBatchesOfAConnectionWaitForTheDiskAndNoMore() throws Exception {
        var disk = new HeldDisk();
        try (RunningKafka kafka = disk.open();
                RawClient client = kafka.connect();
                RawClient watcher = kafka.connect()) {
            kafka.declare(TOPIC, QueueSettings.DEFAULT.with(QueueProperty.QUEUE_TYPE, "topic"));
            byte[] batch = batch("x".repeat(1_000));
            disk.hold();
            int count = 3 * KafkaConnection.MAX_IN_FLIGHT;
            for (int i = 0; i < count; i++) {
                client.send(produce(TOPIC, 0, batch), PRODUCE_BY_NAME);
            }
            long bound = (long) KafkaConnection.MAX_IN_FLIGHT * batch.length;
            long size = size(watcher);
            while (size < bound) {
                size = size(watcher);
            }
            for (int i = 0; i < 100; i++) {
                assertThat(size(watcher)).isEqualTo(bound);
            }
            disk.letGo();
            for (int i = 0; i < count; i++) {
                var response = (ProduceResponseData) client.receive(ApiMessageType.PRODUCE.apiKey(), PRODUCE_BY_NAME);
                assertThat(only(response).baseOffset()).isEqualTo(i);
            }
        } finally {
            disk.letGo();
        }
    }

    /** Of the topic, in bytes, with what is not confirmed yet. */
    private static long size(RawClient client) throws Exception {
        var response =
                client.ask(new DescribeLogDirsRequestData().setTopics(null), 1, DescribeLogDirsResponseData.class);
        return response.results().getFirst().topics().stream()
                .filter(topic -> topic.name().equals(TOPIC))
                .mapToLong(topic -> topic.partitions().getFirst().partitionSize())
                .sum();
    }

    @Test
    void anyOtherRequestWaitsForWhatIsUnderWay() throws Exception {
        try (var kafka = new RunningKafka(folder);
                RawClient client = kafka.connect();
                RawClient producer = kafka.connect();
                RawClient neighbour = kafka.connect()) { // on the same shard as the first
            kafka.declare(TOPIC, QueueSettings.DEFAULT.with(QueueProperty.QUEUE_TYPE, "topic"));
            client.send(fetch(TOPIC, 0, 0, 60_000), FETCH_BY_NAME);
            client.send(produce(TOPIC, 0, batch("own")), PRODUCE_BY_NAME);
            for (int i = 0; i < 100; i++) {
                neighbour.ask(new ApiVersionsRequestData(), 0, ApiVersionsResponseData.class);
            }
            producer.ask(produce(TOPIC, 0, batch("other")), PRODUCE_BY_NAME, ProduceResponseData.class);
            var first = (FetchResponseData) client.receive(ApiMessageType.FETCH.apiKey(), FETCH_BY_NAME);
            assertThat(Requests.texts(only(first))).containsExactly("other");
            var own = (ProduceResponseData) client.receive(ApiMessageType.PRODUCE.apiKey(), PRODUCE_BY_NAME);
            assertThat(only(own).baseOffset()).isOne();
        }
    }

    @Test
    void whoDoesNotReadItsAnswersGetsNoMoreOfThem() throws Exception {
        try (var kafka = new RunningKafka(folder);
                RawClient client = new RawClient(kafka.port(), 64 << 10);
                RawClient other = kafka.connect();
                RawClient neighbour = kafka.connect()) { // on the same shard as the first
            kafka.declare(
                    TOPIC,
                    QueueSettings.DEFAULT
                            .with(QueueProperty.QUEUE_TYPE, "topic")
                            .with(QueueProperty.PARTITIONS, 1_000));
            var question = new MetadataRequestData()
                    .setTopics(new ArrayList<>(List.of(new MetadataRequestTopic().setName(TOPIC))));
            int answerBytes = answerBytes(other.ask(question, 9, MetadataResponseData.class));
            int count = 64 * MIB / answerBytes;
            long before = usedBytes();
            for (int i = 0; i < count; i++) {
                client.send(question, 9);
            }
            long most = 0;
            for (int i = 0; i < 300; i++) {
                other.ask(new ApiVersionsRequestData(), 0, ApiVersionsResponseData.class);
                neighbour.ask(new ApiVersionsRequestData(), 0, ApiVersionsResponseData.class);
                most = Math.max(most, usedBytes() - before);
            }
            assertThat(most).isLessThan(16 * MIB);
            for (int i = 0; i < count; i++) {
                var answer = (MetadataResponseData) client.receive(ApiMessageType.METADATA.apiKey(), 9);
                assertThat(answer.topics().find(TOPIC).partitions()).hasSize(1_000);
            }
        }
    }

    private static int answerBytes(MetadataResponseData answer) {
        var size = new MessageSizeAccumulator();
        answer.addSize(size, new ObjectSerializationCache(), (short) 9);
        return size.totalSize();
    }

    private static long usedBytes() {
        return PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory();
    }

    @Test
    void unfinishedRequestsOfAllConnectionsShareABudget() throws Exception {
        KafkaSettings defaults = KafkaSettings.DEFAULT;
        var settings = new KafkaSettings(
                MIB,
                defaults.maxBatchBytes(),
                defaults.autoCreateTopics(),
                defaults.defaultPartitions(),
                null,
                MIB + MIB / 2,
                defaults.groups());
        try (var kafka = new RunningKafka(
                        Storage.open(folder, StorageConfig.small()), BrokerLimits.defaults(), settings);
                RawClient first = kafka.connect()) {
            byte[] request = padded(MIB - 100);
            first.ask(new ApiVersionsRequestData(), 0, ApiVersionsResponseData.class);
            first.sendBytes(framed(request, request.length - 1));
            try (RawClient second = kafka.connect()) {
                second.ask(new ApiVersionsRequestData(), 0, ApiVersionsResponseData.class);
                second.sendBytes(framed(request, request.length - 1));
                second.expectTheEnd();
            }
            first.sendBytes(new byte[] {request[request.length - 1]});
            first.receive(ApiMessageType.PRODUCE.apiKey(), PRODUCE_BY_NAME);
            try (RawClient third = kafka.connect()) {
                third.ask(new ApiVersionsRequestData(), 0, ApiVersionsResponseData.class);
                third.sendBytes(framed(request, request.length));
                third.receive(ApiMessageType.PRODUCE.apiKey(), PRODUCE_BY_NAME);
            }
        }
    }

    /** A request of this size. */
    private static byte[] padded(int bytes) {
        int overhead = RawClient.encode(produce(TOPIC, 0, new byte[MIB / 2]), PRODUCE_BY_NAME, 1).length - MIB / 2;
        ProduceRequestData request = produce(TOPIC, 0, new byte[bytes - overhead]);
        return RawClient.encode(request, PRODUCE_BY_NAME, 1);
    }

    /** Its length, and the first bytes of it. */
    private static byte[] framed(byte[] request, int bytes) {
        return ByteBuffer.allocate(Integer.BYTES + bytes)
                .putInt(request.length)
                .put(request, 0, bytes)
                .array();
    }
}
