package dev.sluice.kafka;

import static dev.sluice.kafka.Requests.FETCH_BY_NAME;
import static dev.sluice.kafka.Requests.PRODUCE_BY_NAME;
import static dev.sluice.kafka.Requests.batch;
import static dev.sluice.kafka.Requests.batchAt;
import static dev.sluice.kafka.Requests.fetch;
import static dev.sluice.kafka.Requests.only;
import static dev.sluice.kafka.Requests.produce;
import static dev.sluice.kafka.Requests.texts;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.broker.QueueProperty;
import dev.sluice.broker.QueueSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.DescribeDelegationTokenRequestData;
import org.apache.kafka.common.message.DescribeDelegationTokenResponseData;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.ListOffsetsRequestData;
import org.apache.kafka.common.message.ListOffsetsRequestData.ListOffsetsPartition;
import org.apache.kafka.common.message.ListOffsetsRequestData.ListOffsetsTopic;
import org.apache.kafka.common.message.ListOffsetsResponseData;
import org.apache.kafka.common.message.ListOffsetsResponseData.ListOffsetsPartitionResponse;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataRequestData.MetadataRequestTopic;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData.OffsetForLeaderPartition;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData.OffsetForLeaderTopic;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData.OffsetForLeaderTopicCollection;
import org.apache.kafka.common.message.OffsetForLeaderEpochResponseData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Requests and their answers, in all versions, over a socket. */
@Timeout(120)
class KafkaSessionTest {
    private static final String TOPIC = "orders";
    private static final short API_VERSIONS = 5;
    private static final short NO_ACKS = 0;

    private RunningKafka kafka;
    private RawClient client;

    @BeforeEach
    void open(@TempDir Path folder) throws Exception {
        kafka = new RunningKafka(folder);
        client = kafka.connect();
    }

    @AfterEach
    void close() throws Exception {
        client.close();
        kafka.close();
    }

    @Test
    void tellsWhichVersionsItServesInEachOfThem() throws Exception {
        for (int version = 0; version <= API_VERSIONS; version++) {
            var request = new ApiVersionsRequestData();
            if (version >= 3) {
                request.setClientSoftwareName("raw").setClientSoftwareVersion("1");
            }
            var response = client.ask(request, version, ApiVersionsResponseData.class);
            assertThat(response.errorCode()).isZero();
            assertThat(response.apiKeys()).anySatisfy(api -> {
                assertThat(api.apiKey()).isEqualTo(ApiMessageType.PRODUCE.apiKey());
                assertThat(api.minVersion()).isZero();
                assertThat(api.maxVersion()).isEqualTo((short) 13);
            });
        }
    }

    @Test
    void whoMeansAnotherNodeIsSentBackToWhereItCameFrom() throws Exception {
        assertThat(connectTo(null, -1)).isEqualTo(Errors.NONE);
        assertThat(connectTo(kafka.clusterId(), KafkaNode.ID)).isEqualTo(Errors.NONE);
        assertThat(connectTo(kafka.clusterId(), KafkaNode.ID + 1)).isEqualTo(Errors.REBOOTSTRAP_REQUIRED);
        assertThat(connectTo("another", KafkaNode.ID)).isEqualTo(Errors.REBOOTSTRAP_REQUIRED);
    }

    private Errors connectTo(@Nullable String clusterId, int nodeId) throws Exception {
        var request = new ApiVersionsRequestData()
                .setClientSoftwareName("raw")
                .setClientSoftwareVersion("1")
                .setClusterId(clusterId)
                .setNodeId(nodeId);
        return Errors.forCode(
                client.ask(request, API_VERSIONS, ApiVersionsResponseData.class).errorCode());
    }

    @Test
    void aVersionOfApiVersionsThatIsTooNewIsAnsweredInTheOldestForm() throws Exception {
        byte[] frame = RawClient.encode(new ApiVersionsRequestData(), (short) 3, 1);
        frame[3] = 77;
        client.sendFrame(frame);
        client.send(new ApiVersionsRequestData(), 0);
        var response = (ApiVersionsResponseData) client.receive(ApiMessageType.API_VERSIONS.apiKey(), 0);
        assertThat(response.errorCode()).isEqualTo(Errors.UNSUPPORTED_VERSION.code());
        assertThat(response.apiKeys().find(ApiMessageType.API_VERSIONS.apiKey()).maxVersion())
                .isEqualTo(API_VERSIONS);
        var next = (ApiVersionsResponseData) client.receive(ApiMessageType.API_VERSIONS.apiKey(), 0);
        assertThat(next.errorCode()).isZero();
    }

    @Test
    void producesAndFetchesInEveryVersionThatNamesTopics() throws Exception {
        create(TOPIC);
        int produced = 0;
        for (int version = 3; version <= PRODUCE_BY_NAME; version++) {
            var response = client.ask(produce(TOPIC, 0, batch("v" + version)), version, ProduceResponseData.class);
            assertThat(only(response).errorCode()).isZero();
            assertThat(only(response).baseOffset()).isEqualTo(produced++);
        }
        for (int version = 4; version <= FETCH_BY_NAME; version++) {
            var response = client.ask(fetch(TOPIC, 0, 8, 0), version, FetchResponseData.class);
            assertThat(texts(only(response))).containsExactly("v11", "v12");
            assertThat(only(response).highWatermark()).isEqualTo(produced);
        }
    }

    @Test
    void producesAndFetchesByTheIdOfATopic() throws Exception {
        Uuid id = create(TOPIC);
        var request = produce("", 0, batch("a"));
        request.topicData().iterator().next().setTopicId(id);
        assertThat(only(client.ask(request, 13, ProduceResponseData.class)).errorCode())
                .isZero();
        for (int version = 13; version <= 18; version++) {
            FetchRequestData fetch = fetch("", 0, 0, 0);
            fetch.topics().getFirst().setTopicId(id);
            var response = client.ask(fetch, version, FetchResponseData.class);
            assertThat(texts(only(response))).containsExactly("a");
            assertThat(response.responses().getFirst().topicId()).isEqualTo(id);
        }
    }

    @Test
    void describesATopicInEveryVersion() throws Exception {
        create(TOPIC);
        for (int version = 0; version <= 13; version++) {
            var request = new MetadataRequestData()
                    .setTopics(new ArrayList<>(List.of(new MetadataRequestTopic().setName(TOPIC))));
            var response = client.ask(request, version, MetadataResponseData.class);
            assertThat(response.topics().find(TOPIC).partitions()).hasSize(1);
            assertThat(response.brokers().find(KafkaNode.ID)).isNotNull();
            var all = new MetadataRequestData().setTopics(version == 0 ? new ArrayList<>() : null);
            assertThat(client.ask(all, version, MetadataResponseData.class).topics())
                    .hasSize(1);
        }
    }

    @Test
    void namesThatNoTopicCanHaveAreRefused() throws Exception {
        var request = new MetadataRequestData()
                .setTopics(new ArrayList<>(List.of(
                        new MetadataRequestTopic().setName("no spaces"), new MetadataRequestTopic().setName(".."))));
        for (var topic : client.ask(request, 9, MetadataResponseData.class).topics()) {
            assertThat(topic.errorCode()).isEqualTo(Errors.INVALID_TOPIC_EXCEPTION.code());
        }
    }

    @Test
    void findsOffsetsInEveryVersion() throws Exception {
        create(TOPIC);
        client.ask(produce(TOPIC, 0, batch("a", "b")), PRODUCE_BY_NAME, ProduceResponseData.class);
        for (int version = 1; version <= 11; version++) {
            assertThat(offset(-2, version)).isZero();
            assertThat(offset(-1, version)).isEqualTo(2);
            assertThat(offset(1, version)).isZero();
            assertThat(offset(Long.MAX_VALUE, version)).isEqualTo(-1);
        }
    }

    private long offset(long timestamp, int version) throws Exception {
        ListOffsetsPartitionResponse found = find(timestamp, version);
        assertThat(found.errorCode()).isZero();
        return found.offset();
    }

    private ListOffsetsPartitionResponse find(long timestamp, int version) throws Exception {
        var request = new ListOffsetsRequestData()
                .setReplicaId(-1)
                .setTopics(List.of(new ListOffsetsTopic()
                        .setName(TOPIC)
                        .setPartitions(List.of(new ListOffsetsPartition().setTimestamp(timestamp)))));
        return client.ask(request, version, ListOffsetsResponseData.class)
                .topics()
                .getFirst()
                .partitions()
                .getFirst();
    }

    @Test
    void findsTheRecordWithTheGreatestTimestamp() throws Exception {
        create(TOPIC);
        for (int version = 7; version <= 11; version++) {
            assertThat(find(-3, version)).isEqualTo(nothing());
        }
        long now = System.currentTimeMillis();
        client.ask(produce(TOPIC, 0, batchAt(now + 5, now + 7, now + 7)), PRODUCE_BY_NAME, ProduceResponseData.class);
        client.ask(produce(TOPIC, 0, batchAt(now + 6, now + 7)), PRODUCE_BY_NAME, ProduceResponseData.class);
        for (int version = 7; version <= 11; version++) {
            ListOffsetsPartitionResponse found = find(-3, version);
            assertThat(found.errorCode()).isZero();
            assertThat(found.offset()).isOne();
            assertThat(found.timestamp()).isEqualTo(now + 7);
            assertThat(found.leaderEpoch()).isNotNegative();
        }
    }

    @Test
    void allRecordsAreLocalAndNoneIsElsewhere() throws Exception {
        create(TOPIC);
        client.ask(produce(TOPIC, 0, batch("a", "b")), PRODUCE_BY_NAME, ProduceResponseData.class);
        for (int version = 8; version <= 11; version++) {
            assertThat(offset(-4, version)).isZero();
        }
        for (int version = 9; version <= 11; version++) {
            assertThat(find(-5, version)).isEqualTo(nothing());
        }
        assertThat(find(-6, 11)).isEqualTo(nothing());
    }

    @Test
    void whatAVersionDoesNotHaveIsNotFoundWithIt() throws Exception {
        create(TOPIC);
        var first = Map.of(-3L, 7, -4L, 8, -5L, 9, -6L, 11, -7L, 12, Long.MIN_VALUE, 12);
        for (Map.Entry<Long, Integer> asked : first.entrySet()) {
            for (int version = 1; version < asked.getValue(); version++) {
                assertThat(find(asked.getKey(), version).errorCode())
                        .as("%s in version %d", asked.getKey(), version)
                        .isEqualTo(Errors.UNSUPPORTED_VERSION.code());
            }
        }
    }

    private static ListOffsetsPartitionResponse nothing() {
        return new ListOffsetsPartitionResponse().setOffset(-1).setTimestamp(-1).setLeaderEpoch(-1);
    }

    @Test
    void tellsWhereAnEpochEnds() throws Exception {
        create(TOPIC);
        client.ask(produce(TOPIC, 0, batch("a", "b")), PRODUCE_BY_NAME, ProduceResponseData.class);
        int epoch = only(client.ask(fetch(TOPIC, 0, 0, 0), FETCH_BY_NAME, FetchResponseData.class))
                                .records()
                        instanceof org.apache.kafka.common.record.internal.MemoryRecords records
                ? records.batches().iterator().next().partitionLeaderEpoch()
                : -1;
        assertThat(epoch).isNotNegative();
        for (int version = 2; version <= 4; version++) {
            var topics = new OffsetForLeaderTopicCollection();
            topics.add(new OffsetForLeaderTopic()
                    .setTopic(TOPIC)
                    .setPartitions(List.of(
                            new OffsetForLeaderPartition().setPartition(0).setLeaderEpoch(epoch))));
            var response = client.ask(
                    new OffsetForLeaderEpochRequestData().setTopics(topics),
                    version,
                    OffsetForLeaderEpochResponseData.class);
            var end = response.topics().find(TOPIC).partitions().getFirst();
            assertThat(end.endOffset()).isEqualTo(2);
            assertThat(end.leaderEpoch()).isEqualTo(epoch);
        }
    }

    @Test
    void aFetchWaitsForTheNextRecord() throws Exception {
        create(TOPIC);
        client.send(fetch(TOPIC, 0, 0, 60_000), FETCH_BY_NAME);
        try (RawClient producer = kafka.connect()) {
            producer.ask(produce(TOPIC, 0, batch("late")), PRODUCE_BY_NAME, ProduceResponseData.class);
        }
        var response = (FetchResponseData) client.receive(ApiMessageType.FETCH.apiKey(), FETCH_BY_NAME);
        assertThat(texts(only(response))).containsExactly("late");
    }

    @Test
    void aFetchThatIsOverInTimeComesBackEmpty() throws Exception {
        create(TOPIC);
        var response = client.ask(fetch(TOPIC, 0, 0, 20), FETCH_BY_NAME, FetchResponseData.class);
        assertThat(texts(only(response))).isEmpty();
        assertThat(only(response).errorCode()).isZero();
    }

    @Test
    void aFetchOutsideOfThePartitionIsTold() throws Exception {
        create(TOPIC);
        var response = client.ask(fetch(TOPIC, 0, 5, 60_000), FETCH_BY_NAME, FetchResponseData.class);
        assertThat(only(response).errorCode()).isEqualTo(Errors.OFFSET_OUT_OF_RANGE.code());
    }

    @Test
    void aSessionTellsOnlyWhatIsNew() throws Exception {
        create(TOPIC);
        client.ask(produce(TOPIC, 0, batch("a")), PRODUCE_BY_NAME, ProduceResponseData.class);
        var first = client.ask(fetch(TOPIC, 0, 0, 0).setSessionEpoch(0), FETCH_BY_NAME, FetchResponseData.class);
        assertThat(first.sessionId()).isPositive();
        assertThat(texts(only(first))).containsExactly("a");
        FetchRequestData next =
                fetch(TOPIC, 0, 1, 0).setSessionId(first.sessionId()).setSessionEpoch(1);
        assertThat(client.ask(next, FETCH_BY_NAME, FetchResponseData.class).responses())
                .isEmpty();
        client.ask(produce(TOPIC, 0, batch("b")), PRODUCE_BY_NAME, ProduceResponseData.class);
        FetchRequestData same = new FetchRequestData()
                .setMinBytes(1)
                .setMaxBytes(1_000)
                .setSessionId(first.sessionId())
                .setSessionEpoch(2);
        assertThat(texts(only(client.ask(same, FETCH_BY_NAME, FetchResponseData.class))))
                .containsExactly("b");
        assertThat(client.ask(same, FETCH_BY_NAME, FetchResponseData.class).errorCode())
                .isEqualTo(Errors.INVALID_FETCH_SESSION_EPOCH.code());
        FetchRequestData other = same.duplicate().setSessionId(first.sessionId() == 1 ? 2 : 1);
        assertThat(client.ask(other, FETCH_BY_NAME, FetchResponseData.class).errorCode())
                .isEqualTo(Errors.FETCH_SESSION_ID_NOT_FOUND.code());
    }

    @Test
    void whatIsProducedBehindEachOtherIsAnsweredInOrder() throws Exception {
        create(TOPIC);
        int count = KafkaConnection.MAX_IN_FLIGHT * 3;
        for (int i = 0; i < count; i++) {
            client.send(produce(TOPIC, 0, batch("m" + i)), PRODUCE_BY_NAME);
        }
        for (int i = 0; i < count; i++) {
            var response = (ProduceResponseData) client.receive(ApiMessageType.PRODUCE.apiKey(), PRODUCE_BY_NAME);
            assertThat(only(response).baseOffset()).isEqualTo(i);
        }
    }

    @Test
    void whoWantsNoAnswersLearnsOfAnErrorByTheEndOfItsConnection() throws Exception {
        create(TOPIC);
        byte[] damaged = batch("a");
        damaged[damaged.length - 1] ^= 1;
        for (ProduceRequestData failing :
                List.of(produce("none", 0, batch("a")), produce(TOPIC, 1, batch("a")), produce(TOPIC, 0, damaged))) {
            try (RawClient hasty = kafka.connect()) {
                hasty.send(produce(TOPIC, 0, batch("a")).setAcks(NO_ACKS), PRODUCE_BY_NAME);
                hasty.send(produce(TOPIC, 0, batch("b")), PRODUCE_BY_NAME);
                hasty.send(failing.setAcks(NO_ACKS), PRODUCE_BY_NAME);
                var answer = (ProduceResponseData) hasty.receive(failing.apiKey(), PRODUCE_BY_NAME);
                assertThat(only(answer).errorCode())
                        .as("what was asked before is answered")
                        .isZero();
                hasty.expectTheEnd();
            }
        }
        assertThat(offset(-1, 11)).isEqualTo(6);
    }

    @Test
    void aBatchThatIsDamagedIsRefusedAndTheNextTaken() throws Exception {
        create(TOPIC);
        byte[] damaged = batch("a");
        damaged[damaged.length - 1] ^= 1;
        assertThat(errorOf(damaged)).isEqualTo(Errors.CORRUPT_MESSAGE);
        assertThat(errorOf(batch("x".repeat(200_000)))).isEqualTo(Errors.MESSAGE_TOO_LARGE);
        assertThat(errorOf(new byte[0])).isEqualTo(Errors.CORRUPT_MESSAGE);
        assertThat(errorOf(batch("b"))).isEqualTo(Errors.NONE);
    }

    private Errors errorOf(byte[] batch) throws Exception {
        var response = client.ask(produce(TOPIC, 0, batch), PRODUCE_BY_NAME, ProduceResponseData.class);
        return Errors.forCode(only(response).errorCode());
    }

    @Test
    void whereTheTopicOrPartitionIsNotThereTheAnswerSaysSo() throws Exception {
        create(TOPIC);
        var none = client.ask(produce("none", 0, batch("a")), PRODUCE_BY_NAME, ProduceResponseData.class);
        assertThat(only(none).errorCode()).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
        var index = client.ask(produce(TOPIC, 1, batch("a")), PRODUCE_BY_NAME, ProduceResponseData.class);
        assertThat(only(index).errorCode()).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
    }

    @Test
    void aQueueAtItsLimitAnswersWithAnErrorThatIsTriedAgain() throws Exception {
        kafka.declare(
                "short",
                QueueSettings.DEFAULT.with(QueueProperty.MAX_LENGTH, 1).with(QueueProperty.OVERFLOW, "reject-publish"));
        client.ask(produce("short", 0, batch("a")), PRODUCE_BY_NAME, ProduceResponseData.class);
        var full = only(client.ask(produce("short", 0, batch("b")), PRODUCE_BY_NAME, ProduceResponseData.class));
        assertThat(full.errorCode()).isEqualTo(Errors.NOT_ENOUGH_REPLICAS.code());
        assertThat(full.errorMessage()).contains("QUEUE_FULL", "its limit of 1");

        client.send(produce("short", 0, batch("c")).setAcks(NO_ACKS), PRODUCE_BY_NAME);
        var after = only(client.ask(produce("short", 0, batch("d")), PRODUCE_BY_NAME, ProduceResponseData.class));
        assertThat(after.errorCode())
                .as("the connection is there, whether answers are wanted or not")
                .isEqualTo(Errors.NOT_ENOUGH_REPLICAS.code());
    }

    @Test
    void aRequestThatIsNotServedIsAnsweredInItsOwnForm() throws Exception {
        var response =
                client.ask(new DescribeDelegationTokenRequestData(), 3, DescribeDelegationTokenResponseData.class);
        assertThat(response.errorCode()).isEqualTo(Errors.UNSUPPORTED_VERSION.code());
        create(TOPIC);
    }

    @Test
    void whatIsNoRequestEndsTheConnection() throws Exception {
        client.sendBytes("GET / HTTP/1.1\r\n\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        client.expectTheEnd();
        try (RawClient other = kafka.connect()) {
            other.sendFrame(new byte[] {9, 9, 0, 0, 0, 0, 0, 1, 0, 0});
            other.expectTheEnd();
        }
    }

    private Uuid create(String topic) throws Exception {
        var request = new MetadataRequestData()
                .setTopics(new ArrayList<>(List.of(new MetadataRequestTopic().setName(topic))))
                .setAllowAutoTopicCreation(true);
        ApiMessage response = client.ask(request, 13, MetadataResponseData.class);
        var made = ((MetadataResponseData) response).topics().find(topic);
        assertThat(made.errorCode()).isZero();
        return made.topicId();
    }
}
