package dev.sluice.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.message.CreatePartitionsRequestData;
import org.apache.kafka.common.message.CreatePartitionsRequestData.CreatePartitionsTopic;
import org.apache.kafka.common.message.CreatePartitionsResponseData;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableReplicaAssignment;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.DeleteRecordsRequestData;
import org.apache.kafka.common.message.DeleteRecordsRequestData.DeleteRecordsPartition;
import org.apache.kafka.common.message.DeleteRecordsRequestData.DeleteRecordsTopic;
import org.apache.kafka.common.message.DeleteRecordsResponseData;
import org.apache.kafka.common.message.DeleteTopicsRequestData;
import org.apache.kafka.common.message.DeleteTopicsRequestData.DeleteTopicState;
import org.apache.kafka.common.message.DeleteTopicsResponseData;
import org.apache.kafka.common.message.DescribeClusterRequestData;
import org.apache.kafka.common.message.DescribeClusterResponseData;
import org.apache.kafka.common.message.DescribeConfigsRequestData;
import org.apache.kafka.common.message.DescribeConfigsRequestData.DescribeConfigsResource;
import org.apache.kafka.common.message.DescribeConfigsResponseData;
import org.apache.kafka.common.message.DescribeLogDirsRequestData;
import org.apache.kafka.common.message.DescribeLogDirsRequestData.DescribableLogDirTopic;
import org.apache.kafka.common.message.DescribeLogDirsResponseData;
import org.apache.kafka.common.message.DescribeTopicPartitionsRequestData;
import org.apache.kafka.common.message.DescribeTopicPartitionsRequestData.Cursor;
import org.apache.kafka.common.message.DescribeTopicPartitionsResponseData;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData.AlterConfigsResource;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData.AlterableConfig;
import org.apache.kafka.common.message.IncrementalAlterConfigsResponseData;
import org.apache.kafka.common.message.ListConfigResourcesRequestData;
import org.apache.kafka.common.message.ListConfigResourcesResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Administrators' requests in all versions that are served, and what Kafka's own client never sends. */
@Timeout(60)
class AdminVersionsTest {
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
    void makesAndDeletesTopics() throws Exception {
        for (int version = 2; version <= 7; version++) {
            var response = client.ask(creation("topic" + version, 2), version, CreateTopicsResponseData.class);
            assertThat(response.topics().find("topic" + version).errorCode()).isZero();
        }
        for (int version = 1; version <= 5; version++) {
            var request =
                    new DeleteTopicsRequestData().setTopicNames(new ArrayList<>(List.of("topic" + (version + 1))));
            var response = client.ask(request, version, DeleteTopicsResponseData.class);
            assertThat(response.responses().find("topic" + (version + 1)).errorCode())
                    .isZero();
        }
        var byName = new DeleteTopicsRequestData()
                .setTopics(new ArrayList<>(List.of(new DeleteTopicState().setName("topic7"))));
        assertThat(client.ask(byName, 6, DeleteTopicsResponseData.class)
                        .responses()
                        .find("topic7")
                        .errorCode())
                .isZero();
    }

    @Test
    void refusesATopicThatIsNamedTwiceOrPlacedTwoWays() throws Exception {
        var twice = creation("a", 1);
        twice.topics()
                .mustAdd(new CreatableTopic().setName("a").setNumPartitions(2).setReplicationFactor((short) 1));
        assertThat(client.ask(twice, 7, CreateTopicsResponseData.class).topics())
                .singleElement()
                .satisfies(topic -> assertThat(topic.errorCode()).isEqualTo(Errors.INVALID_REQUEST.code()));
        var both = creation("b", 1);
        both.topics()
                .find("b")
                .assignments()
                .mustAdd(new CreatableReplicaAssignment().setPartitionIndex(0).setBrokerIds(List.of(1)));
        assertThat(client.ask(both, 7, CreateTopicsResponseData.class)
                        .topics()
                        .find("b")
                        .errorCode())
                .isEqualTo(Errors.INVALID_REQUEST.code());
    }

    @Test
    void changesTopics() throws Exception {
        create("orders", 1);
        for (int version = 0; version <= 3; version++) {
            var request = new CreatePartitionsRequestData();
            request.topics()
                    .mustAdd(new CreatePartitionsTopic()
                            .setName("orders")
                            .setCount(version + 2)
                            .setAssignments(null));
            var response = client.ask(request, version, CreatePartitionsResponseData.class);
            assertThat(response.results().getFirst().errorCode()).isZero();
        }
        for (int version = 0; version <= 1; version++) {
            var resource = new AlterConfigsResource()
                    .setResourceType(ConfigResource.Type.TOPIC.id())
                    .setResourceName("orders");
            resource.configs()
                    .mustAdd(new AlterableConfig().setName("retention.ms").setValue("1000" + version));
            var request = new IncrementalAlterConfigsRequestData();
            request.resources().mustAdd(resource);
            var response = client.ask(request, version, IncrementalAlterConfigsResponseData.class);
            assertThat(response.responses().getFirst().errorCode()).isZero();
        }
        for (int version = 0; version <= 2; version++) {
            var topic = new DeleteRecordsTopic()
                    .setName("orders")
                    .setPartitions(new ArrayList<>(List.of(
                            new DeleteRecordsPartition().setPartitionIndex(0).setOffset(-1),
                            new DeleteRecordsPartition().setPartitionIndex(5).setOffset(0))));
            var request = new DeleteRecordsRequestData().setTopics(new ArrayList<>(List.of(topic)));
            var response = client.ask(request, version, DeleteRecordsResponseData.class);
            var partitions = response.topics().find("orders").partitions();
            assertThat(partitions.find(0).errorCode()).isZero();
            assertThat(partitions.find(0).lowWatermark()).isZero();
            assertThat(partitions.find(5).errorCode()).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
        }
    }

    @Test
    void describesTopicsAndTheNode() throws Exception {
        create("a", 3);
        create("b", 2);
        for (int version = 1; version <= 4; version++) {
            var resource = new DescribeConfigsResource()
                    .setResourceType(ConfigResource.Type.TOPIC.id())
                    .setResourceName("a")
                    .setConfigurationKeys(List.of("retention.ms"));
            var request = new DescribeConfigsRequestData().setResources(List.of(resource));
            var response = client.ask(request, version, DescribeConfigsResponseData.class);
            assertThat(response.results().getFirst().configs())
                    .singleElement()
                    .satisfies(config -> assertThat(config.name()).isEqualTo("retention.ms"));
        }
        for (int version = 0; version <= 2; version++) {
            var response = client.ask(new DescribeClusterRequestData(), version, DescribeClusterResponseData.class);
            assertThat(response.brokers()).hasSize(1);
            assertThat(response.controllerId()).isEqualTo(KafkaNode.ID);
        }
        var controllers = new DescribeClusterRequestData().setEndpointType((byte) 2);
        assertThat(client.ask(controllers, 2, DescribeClusterResponseData.class).errorCode())
                .isEqualTo(Errors.MISMATCHED_ENDPOINT_TYPE.code());
        assertThat(client.ask(new ListConfigResourcesRequestData(), 0, ListConfigResourcesResponseData.class)
                        .configResources())
                .as("those of clients' metrics")
                .isEmpty();
        assertThat(client.ask(new ListConfigResourcesRequestData(), 1, ListConfigResourcesResponseData.class)
                        .configResources())
                .hasSize(3);
    }

    @Test
    void tellsHowLargePartitionsAre() throws Exception {
        create("a", 3);
        for (int version = 1; version <= 5; version++) {
            var all = client.ask(
                    new DescribeLogDirsRequestData().setTopics(null), version, DescribeLogDirsResponseData.class);
            assertThat(all.results().getFirst().topics().getFirst().partitions())
                    .hasSize(3);
            var request = new DescribeLogDirsRequestData();
            request.topics().mustAdd(new DescribableLogDirTopic().setTopic("a").setPartitions(List.of(1, 7)));
            request.topics()
                    .mustAdd(new DescribableLogDirTopic().setTopic("nothing").setPartitions(List.of(0)));
            var some = client.ask(request, version, DescribeLogDirsResponseData.class);
            assertThat(some.results().getFirst().topics())
                    .singleElement()
                    .satisfies(topic -> assertThat(topic.partitions())
                            .singleElement()
                            .satisfies(partition ->
                                    assertThat(partition.partitionIndex()).isEqualTo(1)));
        }
    }

    @Test
    void describesAllTopicsAPageAtATimeFromACursorOn() throws Exception {
        create("a", 3);
        create("b", 2);
        var request = new DescribeTopicPartitionsRequestData().setResponsePartitionLimit(4);
        var first = client.ask(request, 0, DescribeTopicPartitionsResponseData.class);
        assertThat(first.topics().find("a").partitions()).hasSize(3);
        assertThat(first.topics().find("b").partitions()).hasSize(1);
        assertThat(first.nextCursor().topicName()).isEqualTo("b");
        assertThat(first.nextCursor().partitionIndex()).isEqualTo(1);
        var next = client.ask(
                request.setCursor(new Cursor().setTopicName("b").setPartitionIndex(1)),
                0,
                DescribeTopicPartitionsResponseData.class);
        assertThat(next.topics().find("a")).isNull();
        assertThat(next.topics().find("b").partitions())
                .singleElement()
                .satisfies(partition -> assertThat(partition.partitionIndex()).isEqualTo(1));
        assertThat(next.nextCursor()).isNull();
        var exact = client.ask(
                request.setCursor(null).setResponsePartitionLimit(3), 0, DescribeTopicPartitionsResponseData.class);
        assertThat(exact.topics()).hasSize(1);
        assertThat(exact.nextCursor().topicName()).isEqualTo("b");
        assertThat(exact.nextCursor().partitionIndex()).isZero();
    }

    private void create(String topic, int partitions) throws Exception {
        var response = client.ask(creation(topic, partitions), 7, CreateTopicsResponseData.class);
        assertThat(response.topics().find(topic).errorCode()).isZero();
    }

    private static CreateTopicsRequestData creation(String topic, int partitions) {
        var request = new CreateTopicsRequestData();
        request.topics()
                .mustAdd(new CreatableTopic()
                        .setName(topic)
                        .setNumPartitions(partitions)
                        .setReplicationFactor((short) 1));
        return request;
    }
}
