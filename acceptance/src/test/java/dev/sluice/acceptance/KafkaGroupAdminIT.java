package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.GroupNotEmptyException;
import org.apache.kafka.common.errors.GroupSubscribedToTopicException;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Consumer groups, as Kafka's admin client sees and changes them. */
@ExtendWith(KafkaExtension.class)
@Timeout(60)
final class KafkaGroupAdminIT {
    @Test
    void describesAGroupWithItsMembers(Kafka kafka) throws Exception {
        String topic = kafka.topic("described", 2);
        String group = kafka.group("described");
        GroupMember member = GroupMember.join(kafka, group, topic, new GroupLog(1), Map.of("client.id", "worker"));
        Polled.until(() -> member.owned().size() == 2);

        Polled.until(() -> describe(kafka, group).groupState() == GroupState.STABLE);
        ConsumerGroupDescription described = describe(kafka, group);
        assertThat(described.partitionAssignor()).isEqualTo("range");
        assertThat(described.coordinator().port()).isEqualTo(kafka.port());
        assertThat(described.members()).singleElement().satisfies(one -> {
            assertThat(one.clientId()).isEqualTo("worker");
            assertThat(one.consumerId()).startsWith("worker");
            assertThat(one.host()).contains(Broker.HOST);
            assertThat(one.assignment().topicPartitions()).isEqualTo(member.owned());
        });
        member.leave();
        Polled.until(() -> describe(kafka, group).groupState() == GroupState.EMPTY);
        assertThat(describe(kafka, group).members()).isEmpty();
    }

    @Test
    void listsGroupsByTheirState(Kafka kafka) throws Exception {
        String topic = kafka.topic("listed", 1);
        String busy = kafka.group("busy");
        String idle = kafka.group("idle");
        kafka.send(topic, 0, "0");
        commit(kafka, idle, new TopicPartition(topic, 0), 1);
        GroupMember member = GroupMember.join(kafka, busy, topic, new GroupLog(1), Map.of());
        Polled.until(() -> !member.owned().isEmpty());

        assertThat(list(kafka, new ListGroupsOptions())).contains(busy, idle);
        Polled.until(() -> list(kafka, new ListGroupsOptions().inGroupStates(Set.of(GroupState.STABLE)))
                .contains(busy));
        assertThat(list(kafka, new ListGroupsOptions().inGroupStates(Set.of(GroupState.STABLE))))
                .doesNotContain(idle);
        assertThat(list(kafka, new ListGroupsOptions().inGroupStates(Set.of(GroupState.EMPTY))))
                .contains(idle)
                .doesNotContain(busy);
        member.leave();
    }

    @Test
    void readsAndChangesCommittedOffsets(Kafka kafka) {
        String topic = kafka.topic("offsets", 2);
        kafka.send(topic, 0, texts(0, 10));
        String group = kafka.group("offsets");
        var first = new TopicPartition(topic, 0);
        var second = new TopicPartition(topic, 1);
        commit(kafka, group, first, 7);
        assertThat(offsets(kafka, group)).isEqualTo(Map.of(first, new OffsetAndMetadata(7)));

        Answer.of(kafka.admin()
                .alterConsumerGroupOffsets(
                        group, Map.of(first, new OffsetAndMetadata(3, "put back"), second, new OffsetAndMetadata(0)))
                .all());
        assertThat(offsets(kafka, group))
                .isEqualTo(Map.of(first, new OffsetAndMetadata(3, "put back"), second, new OffsetAndMetadata(0)));
        Consumer<String, String> consumer = kafka.member(group, Map.of());
        consumer.subscribe(List.of(topic));
        assertThat(Polled.values(consumer, 7)).containsExactly(texts(3, 10));
        consumer.close(CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP));

        Answer.of(
                kafka.admin().deleteConsumerGroupOffsets(group, Set.of(second)).all());
        assertThat(offsets(kafka, group)).containsOnlyKeys(first);
    }

    @Test
    void leavesTheOffsetsOfBusyGroupsAlone(Kafka kafka) throws Exception {
        String topic = kafka.topic("busy", 1);
        String group = kafka.group("busy");
        var partition = new TopicPartition(topic, 0);
        GroupMember member = GroupMember.join(kafka, group, topic, new GroupLog(1), Map.of());
        Polled.until(() -> !member.owned().isEmpty());
        assertThat(Answer.error(kafka.admin()
                        .alterConsumerGroupOffsets(group, Map.of(partition, new OffsetAndMetadata(0)))
                        .all()))
                .isInstanceOf(UnknownMemberIdException.class);
        assertThat(Answer.error(kafka.admin()
                        .deleteConsumerGroupOffsets(group, Set.of(partition))
                        .partitionResult(partition)))
                .isInstanceOf(GroupSubscribedToTopicException.class);
        assertThat(Answer.error(
                        kafka.admin().deleteConsumerGroups(List.of(group)).all()))
                .isInstanceOf(GroupNotEmptyException.class);
        member.leave();
    }

    @Test
    void deletesAGroupWithItsOffsets(Kafka kafka) {
        String topic = kafka.topic("forgotten", 1);
        kafka.send(topic, 0, "0");
        String group = kafka.group("forgotten");
        commit(kafka, group, new TopicPartition(topic, 0), 1);
        Answer.of(kafka.admin().deleteConsumerGroups(List.of(group)).all());
        assertThat(list(kafka, new ListGroupsOptions())).doesNotContain(group);
        assertThat(offsets(kafka, group)).isEmpty();
    }

    @Test
    void tellsThatAGroupIsUnknown(Kafka kafka) {
        String group = kafka.group("unknown");
        assertThat(Answer.error(
                        kafka.admin().describeConsumerGroups(List.of(group)).all()))
                .isInstanceOf(GroupIdNotFoundException.class);
        assertThat(Answer.error(
                        kafka.admin().deleteConsumerGroups(List.of(group)).all()))
                .isInstanceOf(GroupIdNotFoundException.class);
        assertThat(offsets(kafka, group)).isEmpty();
    }

    @Test
    void forgetsTheOffsetsOfADeletedTopic(Kafka kafka) {
        String topic = kafka.topic("vanishing", 1);
        kafka.send(topic, 0, "0");
        String group = kafka.group("vanishing");
        commit(kafka, group, new TopicPartition(topic, 0), 1);
        Answer.of(kafka.admin().deleteTopics(List.of(topic)).all());
        Polled.until(() -> offsets(kafka, group).isEmpty());
    }

    @Test
    void removesAStaticMember(Kafka kafka) throws Exception {
        String topic = kafka.topic("removed", 1);
        String group = kafka.group("removed");
        GroupMember member = GroupMember.join(kafka, group, topic, new GroupLog(1), Map.of("group.instance.id", "one"));
        Polled.until(() -> !member.owned().isEmpty());
        member.die();
        assertThat(describe(kafka, group).members()).hasSize(1);
        Answer.of(kafka.admin()
                .removeMembersFromConsumerGroup(
                        group, new RemoveMembersFromConsumerGroupOptions(Set.of(new MemberToRemove("one"))))
                .all());
        assertThat(describe(kafka, group).members()).isEmpty();
    }

    private static void commit(Kafka kafka, String group, TopicPartition partition, long offset) {
        Consumer<String, String> consumer = kafka.member(group, Map.of());
        consumer.assign(List.of(partition));
        consumer.commitSync(Map.of(partition, new OffsetAndMetadata(offset)));
    }

    private static ConsumerGroupDescription describe(Kafka kafka, String group) {
        return Answer.of(kafka.admin().describeConsumerGroups(List.of(group)).describedGroups(), group);
    }

    private static List<String> list(Kafka kafka, ListGroupsOptions options) {
        return Answer.of(kafka.admin().listGroups(options).all()).stream()
                .map(GroupListing::groupId)
                .toList();
    }

    private static Map<TopicPartition, OffsetAndMetadata> offsets(Kafka kafka, String group) {
        return Answer.of(kafka.admin().listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata());
    }

    private static String[] texts(int from, int to) {
        return IntStream.range(from, to).mapToObj(Integer::toString).toArray(String[]::new);
    }
}
