package dev.sluice.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.broker.QueueProperty;
import dev.sluice.broker.QueueSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.DeleteGroupsRequestData;
import org.apache.kafka.common.message.DeleteGroupsResponseData;
import org.apache.kafka.common.message.DescribeGroupsRequestData;
import org.apache.kafka.common.message.DescribeGroupsResponseData;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.FindCoordinatorResponseData;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.HeartbeatResponseData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.JoinGroupRequestData.JoinGroupRequestProtocol;
import org.apache.kafka.common.message.JoinGroupRequestData.JoinGroupRequestProtocolCollection;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.LeaveGroupRequestData.MemberIdentity;
import org.apache.kafka.common.message.LeaveGroupResponseData;
import org.apache.kafka.common.message.ListGroupsRequestData;
import org.apache.kafka.common.message.ListGroupsResponseData;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestPartition;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestTopic;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestTopic;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestTopics;
import org.apache.kafka.common.message.OffsetFetchResponseData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.SyncGroupRequestData.SyncGroupRequestAssignment;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The life of a group in each version of the requests, or the newest below it: clients of all ages are answered in their form. */
@Timeout(60)
class GroupVersionsTest {
    private static final String TOPIC = "orders";
    private static final int MISSING_PARTITION = 7;
    private static final byte[] ASSIGNMENT = {4, 5, 6};

    private RunningKafka kafka;
    private RawClient client;

    @BeforeEach
    void open(@TempDir Path folder) throws Exception {
        kafka = new RunningKafka(folder);
        kafka.declare(TOPIC, QueueSettings.DEFAULT.with(QueueProperty.QUEUE_TYPE, "topic"));
        client = kafka.connect();
    }

    @AfterEach
    void close() throws Exception {
        client.close();
        kafka.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void aGroupIsJoinedUsedAndDeleted(int version) throws IOException {
        String group = "group-" + version;
        finds(group, Math.min(version, 6));
        JoinGroupResponseData member = joins(group, Math.min(version, 9));
        syncs(group, member, Math.min(version, 5));
        var heartbeat = new HeartbeatRequestData()
                .setGroupId(group)
                .setMemberId(member.memberId())
                .setGenerationId(member.generationId());
        none(client.ask(heartbeat, Math.min(version, 4), HeartbeatResponseData.class).errorCode());
        commits(group, member, Math.max(version, 2));
        fetches(group, Math.max(version, 1));
        var described = client.ask(
                        new DescribeGroupsRequestData().setGroups(List.of(group)),
                        Math.min(version, 6),
                        DescribeGroupsResponseData.class)
                .groups()
                .getFirst();
        assertThat(described.groupState()).isEqualTo("Stable");
        assertThat(described.members().getFirst().memberAssignment()).isEqualTo(ASSIGNMENT);
        var listed = client.ask(new ListGroupsRequestData(), Math.min(version, 5), ListGroupsResponseData.class);
        assertThat(listed.groups()).extracting(one -> one.groupId()).containsExactly(group);
        leaves(group, member, Math.min(version, 5));
        var deleted = client.ask(
                new DeleteGroupsRequestData().setGroupsNames(List.of(group)),
                Math.min(version, 3),
                DeleteGroupsResponseData.class);
        none(deleted.results().find(group).errorCode());
    }

    @Test
    void onlyTheBrokerMakesTheTopicOfGroupsAndWritesToIt() throws IOException {
        var asked = new MetadataRequestData()
                .setTopics(List.of(new MetadataRequestData.MetadataRequestTopic().setName("__consumer_offsets")));
        assertThat(client.ask(asked, 12, MetadataResponseData.class)
                        .topics()
                        .find("__consumer_offsets")
                        .errorCode())
                .isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
        finds("any", 6);
        var produced = client.ask(
                Requests.produce("__consumer_offsets", 0, Requests.batch("not ours")),
                Requests.PRODUCE_BY_NAME,
                ProduceResponseData.class);
        assertThat(Requests.only(produced).errorCode()).isEqualTo(Errors.INVALID_TOPIC_EXCEPTION.code());
    }

    @Test
    void onlyGroupsHaveACoordinator() throws IOException {
        var found = client.ask(
                new FindCoordinatorRequestData().setKeyType((byte) 1).setCoordinatorKeys(List.of("transaction")),
                6,
                FindCoordinatorResponseData.class);
        assertThat(found.coordinators().getFirst().errorCode()).isEqualTo(Errors.INVALID_REQUEST.code());
    }

    private void finds(String group, int version) throws IOException {
        var request = new FindCoordinatorRequestData();
        if (version < 4) {
            request.setKey(group);
        } else {
            request.setCoordinatorKeys(List.of(group));
        }
        var found = client.ask(request, version, FindCoordinatorResponseData.class);
        if (version < 4) {
            none(found.errorCode());
            assertThat(found.port()).isEqualTo(kafka.port());
        } else {
            none(found.coordinators().getFirst().errorCode());
            assertThat(found.coordinators().getFirst().port()).isEqualTo(kafka.port());
        }
    }

    private JoinGroupResponseData joins(String group, int version) throws IOException {
        var protocols = new JoinGroupRequestProtocolCollection();
        protocols.add(new JoinGroupRequestProtocol()
                .setName("range")
                .setMetadata(new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
        var request = new JoinGroupRequestData()
                .setGroupId(group)
                .setProtocolType("consumer")
                .setSessionTimeoutMs(30_000)
                .setRebalanceTimeoutMs(version == 0 ? -1 : 30_000)
                .setProtocols(protocols);
        var joined = client.ask(request, version, JoinGroupResponseData.class);
        if (version >= 4) {
            assertThat(joined.errorCode()).isEqualTo(Errors.MEMBER_ID_REQUIRED.code());
            joined = client.ask(request.setMemberId(joined.memberId()), version, JoinGroupResponseData.class);
        }
        none(joined.errorCode());
        assertThat(joined.leader()).isEqualTo(joined.memberId());
        return joined;
    }

    private void syncs(String group, JoinGroupResponseData member, int version) throws IOException {
        var request = new SyncGroupRequestData()
                .setGroupId(group)
                .setMemberId(member.memberId())
                .setGenerationId(member.generationId())
                .setAssignments(List.of(new SyncGroupRequestAssignment()
                        .setMemberId(member.memberId())
                        .setAssignment(ASSIGNMENT)));
        if (version >= 5) {
            var incomplete = client.ask(request, version, SyncGroupResponseData.class);
            assertThat(incomplete.errorCode()).isEqualTo(Errors.INCONSISTENT_GROUP_PROTOCOL.code());
            request.setProtocolType("consumer").setProtocolName("range");
        }
        var synced = client.ask(request, version, SyncGroupResponseData.class);
        none(synced.errorCode());
        assertThat(synced.assignment()).isEqualTo(ASSIGNMENT);
    }

    private void commits(String group, JoinGroupResponseData member, int version) throws IOException {
        var request = new OffsetCommitRequestData()
                .setGroupId(group)
                .setMemberId(member.memberId())
                .setGenerationIdOrMemberEpoch(member.generationId())
                .setTopics(List.of(
                        topicOf(version >= 10, TOPIC, idOf(TOPIC), 0, MISSING_PARTITION),
                        topicOf(version >= 10, "nobody's", new Uuid(1, 1), 0)));
        var committed = client.ask(request, version, OffsetCommitResponseData.class);
        assertThat(committed.topics().stream()
                        .flatMap(topic -> topic.partitions().stream())
                        .map(partition -> Errors.forCode(partition.errorCode())))
                .containsExactlyInAnyOrder(
                        Errors.NONE,
                        Errors.UNKNOWN_TOPIC_OR_PARTITION,
                        version >= 10 ? Errors.UNKNOWN_TOPIC_ID : Errors.UNKNOWN_TOPIC_OR_PARTITION);
    }

    private static OffsetCommitRequestTopic topicOf(boolean byId, String name, Uuid id, int... partitions) {
        var topic = new OffsetCommitRequestTopic();
        for (int partition : partitions) {
            topic.partitions()
                    .add(new OffsetCommitRequestPartition()
                            .setPartitionIndex(partition)
                            .setCommittedOffset(42)
                            .setCommittedMetadata("note"));
        }
        return byId ? topic.setTopicId(id) : topic.setName(name);
    }

    private Uuid idOf(String name) throws IOException {
        var request = new MetadataRequestData()
                .setTopics(List.of(new MetadataRequestData.MetadataRequestTopic().setName(name)));
        return client.ask(request, 12, MetadataResponseData.class)
                .topics()
                .find(name)
                .topicId();
    }

    private void fetches(String group, int version) throws IOException {
        var request = new OffsetFetchRequestData();
        if (version < 8) {
            request.setGroupId(group)
                    .setTopics(List.of(
                            new OffsetFetchRequestTopic().setName(TOPIC).setPartitionIndexes(List.of(0))));
            var fetched = client.ask(request, version, OffsetFetchResponseData.class);
            none(fetched.errorCode());
            var partition = fetched.topics().getFirst().partitions().getFirst();
            assertThat(partition.committedOffset() + partition.metadata()).isEqualTo("42note");
            return;
        }
        Uuid id = idOf(TOPIC);
        var topic = new OffsetFetchRequestTopics().setPartitionIndexes(List.of(0));
        request.setGroups(List.of(
                new OffsetFetchRequestGroup()
                        .setGroupId(group)
                        .setTopics(List.of(version >= 10 ? topic.setTopicId(id) : topic.setName(TOPIC))),
                new OffsetFetchRequestGroup().setGroupId(group).setTopics(null)));
        var fetched = client.ask(request, version, OffsetFetchResponseData.class);
        assertThat(fetched.groups()).hasSize(2).allSatisfy(one -> {
            none(one.errorCode());
            assertThat(one.topics().getFirst().topicId()).isEqualTo(version >= 10 ? id : Uuid.ZERO_UUID);
            assertThat(one.topics().getFirst().partitions().getFirst().committedOffset())
                    .isEqualTo(42);
        });
    }

    private void leaves(String group, JoinGroupResponseData member, int version) throws IOException {
        var request = new LeaveGroupRequestData().setGroupId(group);
        if (version < 3) {
            request.setMemberId(member.memberId());
        } else {
            request.setMembers(List.of(new MemberIdentity().setMemberId(member.memberId())));
        }
        var left = client.ask(request, version, LeaveGroupResponseData.class);
        none(left.errorCode());
        assertThat(left.members()).hasSize(version < 3 ? 0 : 1).allSatisfy(one -> none(one.errorCode()));
    }

    private static void none(short error) {
        assertThat(Errors.forCode(error)).isEqualTo(Errors.NONE);
    }
}
