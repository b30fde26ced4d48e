package dev.sluice.kafka.group;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.broker.QueuePauses;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatResponseData;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.ListGroupsRequestData;
import org.apache.kafka.common.message.ListGroupsResponseData;
import org.apache.kafka.common.message.OffsetDeleteRequestData;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestPartition;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestTopic;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestTopicCollection;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.SyncGroupRequestData.SyncGroupRequestAssignment;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Kafka's coordinator over our topic: what it was told survives, and what could not be stored is not believed. */
@Timeout(60)
class GroupCoordinatorTest {
    private static final String GROUP = "billing";
    private static final String TOPIC = "orders";
    private static final long PATIENCE_MS = 20_000;
    private static final byte[] ASSIGNMENT = {1, 2, 3};

    @TempDir
    Path folder;

    @TempDir
    Path copy;

    private GroupNode node;

    @BeforeEach
    void open() {
        node = GroupNode.open(folder);
        node.declareTopic(TOPIC, 3);
    }

    @AfterEach
    void close() {
        node.close();
    }

    @Test
    void whatWasCommittedSurvivesACrash() {
        assertThat(node.commit(GROUP, TOPIC, 17)).isEqualTo(Errors.NONE);
        assertThat(node.commit(GROUP, TOPIC, 18)).isEqualTo(Errors.NONE);
        try (var after = node.crashed(copy)) {
            assertThat(eventually(() -> after.committed(GROUP, TOPIC))).isEqualTo(18);
        }
    }

    @Test
    void membersAndTheirGenerationSurviveACrash() {
        JoinGroupResponseData member = joinAlone();
        try (var after = node.crashed(copy)) {
            assertThat(eventually(() -> {
                        Errors error = heartbeat(after, member);
                        after.committed(GROUP, TOPIC); // until the groups are loaded every member is told to go on
                        return error;
                    }))
                    .isEqualTo(Errors.NONE);
            assertThat(after.commit(GROUP, TOPIC, 5, member.memberId(), member.generationId()))
                    .isEqualTo(Errors.NONE);
            assertThat(after.commit(GROUP, TOPIC, 6, member.memberId(), member.generationId() + 1))
                    .isEqualTo(Errors.ILLEGAL_GENERATION);
        }
    }

    @Test
    void whatCannotBeStoredNowIsRefusedSoThatClientsTryAgain() {
        assertThat(node.commit(GROUP, TOPIC, 1)).isEqualTo(Errors.NONE);
        node.broker()
                .tools()
                .pause(GroupCoordinator.TOPIC, QueuePauses.PUBLISHING)
                .join();
        assertThat(node.commit(GROUP, TOPIC, 2)).isEqualTo(Errors.COORDINATOR_NOT_AVAILABLE);
        assertThat(node.committed(GROUP, TOPIC)).isEqualTo(1);
        node.broker()
                .tools()
                .resume(GroupCoordinator.TOPIC, QueuePauses.PUBLISHING)
                .join();
        assertThat(node.commit(GROUP, TOPIC, 3)).isEqualTo(Errors.NONE);
        assertThat(node.committed(GROUP, TOPIC)).isEqualTo(3);
    }

    @Test
    void whatOthersPublishToItsTopicMakesItLoadAgain() {
        assertThat(node.commit(GROUP, TOPIC, 1)).isEqualTo(Errors.NONE);
        node.publish(GroupCoordinator.TOPIC, "somebody else's");
        Errors second = node.commit(GROUP, TOPIC, 2);
        assertThat(second).isEqualTo(Errors.NOT_COORDINATOR);
        assertThat(eventually(() -> node.committed(GROUP, TOPIC)))
                .as("the second was stored, only not where it was expected")
                .isEqualTo(2);
        assertThat(node.commit(GROUP, TOPIC, 3)).isEqualTo(Errors.NONE);
    }

    @Test
    void offsetsGoWithTheirTopic() {
        assertThat(node.commit(GROUP, TOPIC, 1)).isEqualTo(Errors.NONE);
        node.deleteTopic(TOPIC);
        node.declareTopic(TOPIC, 1);
        assertThat(within(() -> node.committed(GROUP, TOPIC), offset -> offset == -1))
                .isEqualTo(-1);
    }

    @Test
    void whenItsTopicIsDeletedItBeginsWithNothing() {
        assertThat(node.commit(GROUP, TOPIC, 1)).isEqualTo(Errors.NONE);
        node.deleteTopic(GroupCoordinator.TOPIC);
        eventually(() -> {
            tryAgainAfter(node.commit(GROUP, "other", 2));
            return true;
        });
        assertThat(node.committed(GROUP, TOPIC)).isEqualTo(-1);
    }

    @Test
    void offsetsAndGroupsAreDeletedWhenAsked() {
        node.commit(GROUP, TOPIC, 1);
        node.commit("other", TOPIC, 2);
        var topics = new OffsetDeleteRequestTopicCollection();
        topics.add(new OffsetDeleteRequestTopic()
                .setName(TOPIC)
                .setPartitions(List.of(new OffsetDeleteRequestPartition().setPartitionIndex(0))));
        var deleted = node.groups()
                .deleteOffsets(
                        GroupNode.caller(ApiKeys.OFFSET_DELETE),
                        new OffsetDeleteRequestData().setGroupId(GROUP).setTopics(topics))
                .join();
        assertThat(deleted.errorCode()).isZero();
        assertThat(node.committed(GROUP, TOPIC)).isEqualTo(-1);
        var result = node.groups()
                .delete(GroupNode.caller(ApiKeys.DELETE_GROUPS), List.of("other", "nobody"))
                .join();
        assertThat(result.find("other").errorCode()).isZero();
        assertThat(result.find("nobody").errorCode()).isEqualTo(Errors.GROUP_ID_NOT_FOUND.code());
        try (var after = node.crashed(copy)) {
            assertThat(eventually(() -> after.committed("other", TOPIC))).isEqualTo(-1);
            assertThat(after.committed(GROUP, TOPIC)).isEqualTo(-1);
        }
    }

    @Test
    void groupsAreListedAndDescribed() {
        JoinGroupResponseData member = joinAlone();
        node.commit("other", TOPIC, 2);
        ListGroupsResponseData listed =
                node.groups().list(new ListGroupsRequestData()).join();
        assertThat(listed.groups())
                .extracting(group -> group.groupId() + " " + group.groupState())
                .containsExactlyInAnyOrder(GROUP + " Stable", "other Empty");
        var described = node.groups()
                .describe(GroupNode.caller(ApiKeys.DESCRIBE_GROUPS), List.of(GROUP))
                .join()
                .getFirst();
        assertThat(described.groupState()).isEqualTo("Stable");
        assertThat(described.members()).singleElement().satisfies(one -> {
            assertThat(one.memberId()).isEqualTo(member.memberId());
            assertThat(one.memberAssignment()).isEqualTo(ASSIGNMENT);
        });
    }

    @Test
    void aMemberThatJoinsWithoutAGroupOrWithASessionThatIsTooShortIsTold() {
        var caller = GroupNode.caller(ApiKeys.JOIN_GROUP);
        assertThat(node.groups().join(caller, GroupNode.join("", "")).join().errorCode())
                .isEqualTo(Errors.INVALID_GROUP_ID.code());
        assertThat(node.groups()
                        .join(caller, GroupNode.join(GROUP, "").setSessionTimeoutMs(5999))
                        .join()
                        .errorCode())
                .isEqualTo(Errors.INVALID_SESSION_TIMEOUT.code());
    }

    @Test
    void aMemberOfTheNewProtocolIsGivenAllPartitions() {
        var first = new ConsumerGroupHeartbeatRequestData()
                .setGroupId(GROUP)
                .setMemberId("one")
                .setRebalanceTimeoutMs(10_000)
                .setSubscribedTopicNames(List.of(TOPIC))
                .setTopicPartitions(List.of());
        // Answered with the partitions at once, or after the coordinator has found out what to give to whom.
        var joined = heartbeat(first);
        var again = first.duplicate().setMemberEpoch(joined.memberEpoch()).setTopicPartitions(null);
        var given =
                hasPartitions(joined) ? joined : within(() -> heartbeat(again), GroupCoordinatorTest::hasPartitions);
        assertThat(given.assignment().topicPartitions())
                .singleElement()
                .satisfies(topic -> assertThat(topic.partitions()).containsExactlyInAnyOrder(0, 1, 2));
    }

    private static boolean hasPartitions(ConsumerGroupHeartbeatResponseData answer) {
        return answer.assignment() != null
                && !answer.assignment().topicPartitions().isEmpty();
    }

    private ConsumerGroupHeartbeatResponseData heartbeat(ConsumerGroupHeartbeatRequestData request) {
        var answer = node.groups()
                .consumerHeartbeat(GroupNode.caller(ApiKeys.CONSUMER_GROUP_HEARTBEAT), request)
                .join();
        assertThat(answer.errorMessage()).isNull();
        return answer;
    }

    private JoinGroupResponseData joinAlone() {
        var caller = GroupNode.caller(ApiKeys.JOIN_GROUP);
        String id = node.groups().join(caller, GroupNode.join(GROUP, "")).join().memberId();
        JoinGroupResponseData joined =
                node.groups().join(caller, GroupNode.join(GROUP, id)).join();
        assertThat(joined.errorCode()).isZero();
        var synced = node.groups()
                .sync(
                        GroupNode.caller(ApiKeys.SYNC_GROUP),
                        new SyncGroupRequestData()
                                .setGroupId(GROUP)
                                .setMemberId(id)
                                .setGenerationId(joined.generationId())
                                .setProtocolType("consumer")
                                .setProtocolName("range")
                                .setAssignments(List.of(new SyncGroupRequestAssignment()
                                        .setMemberId(id)
                                        .setAssignment(ASSIGNMENT))))
                .join();
        assertThat(synced.errorCode()).isZero();
        assertThat(synced.assignment()).isEqualTo(ASSIGNMENT);
        return joined;
    }

    private static Errors heartbeat(GroupNode node, JoinGroupResponseData member) {
        return Errors.forCode(node.groups()
                .heartbeat(
                        GroupNode.caller(ApiKeys.HEARTBEAT),
                        new HeartbeatRequestData()
                                .setGroupId(GROUP)
                                .setMemberId(member.memberId())
                                .setGenerationId(member.generationId()))
                .join()
                .errorCode());
    }

    /** Asks again as long as it is told to. */
    private static <T> T eventually(Supplier<T> question) {
        long deadlineMs = System.currentTimeMillis() + PATIENCE_MS;
        while (true) {
            try {
                return question.get();
            } catch (RetriableException notYet) {
                if (System.currentTimeMillis() > deadlineMs) {
                    throw notYet;
                }
                Thread.onSpinWait();
            }
        }
    }

    /** Asks until the answer is as wanted, which may take as long as the coordinator takes to hear of a change of topics. */
    private static <T> T within(Supplier<T> question, Predicate<T> wanted) {
        long deadlineMs = System.currentTimeMillis() + PATIENCE_MS;
        T answer = question.get();
        while (!wanted.test(answer) && System.currentTimeMillis() < deadlineMs) {
            answer = question.get();
        }
        return answer;
    }

    private static void tryAgainAfter(Errors error) {
        if (error != Errors.NONE) {
            throw error.exception();
        }
    }
}
