package dev.sluice.kafka;

import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.TopicHandle;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;
import org.apache.kafka.common.message.DescribeTopicPartitionsRequestData;
import org.apache.kafka.common.message.DescribeTopicPartitionsRequestData.TopicRequest;
import org.apache.kafka.common.message.DescribeTopicPartitionsResponseData;
import org.apache.kafka.common.message.DescribeTopicPartitionsResponseData.Cursor;
import org.apache.kafka.common.message.DescribeTopicPartitionsResponseData.DescribeTopicPartitionsResponsePartition;
import org.apache.kafka.common.message.DescribeTopicPartitionsResponseData.DescribeTopicPartitionsResponseTopic;
import org.apache.kafka.common.protocol.Errors;

/** Tells the partitions of topics, by their names, a page at a time. Stateless. */
final class DescribeTopicPartitionsHandler implements RequestHandler<DescribeTopicPartitionsRequestData> {
    /** Partitions in one page. */
    static final int MOST_AT_ONCE = 2000;

    @Override
    public void handle(RequestContext context, DescribeTopicPartitionsRequestData request) {
        var response = new DescribeTopicPartitionsResponseData();
        NavigableSet<String> names = names(context.broker(), request);
        int firstPartition = 0;
        var cursor = request.cursor();
        if (cursor != null) {
            names = names.tailSet(cursor.topicName(), true);
            boolean isWithin = names.contains(cursor.topicName());
            firstPartition = isWithin ? Math.max(0, cursor.partitionIndex()) : 0;
        }
        int left = Math.clamp(request.responsePartitionLimit(), 1, MOST_AT_ONCE);
        for (String name : names) {
            TopicHandle topic = Topics.byName(context.broker(), name);
            if (topic == null) {
                response.topics().mustAdd(unknown(name));
                continue;
            }
            if (left == 0) {
                response.setNextCursor(new Cursor().setTopicName(name).setPartitionIndex(0));
                break;
            }
            int end = (int) Math.min(topic.partitionCount(), (long) firstPartition + left);
            response.topics().mustAdd(described(topic, firstPartition, end));
            left -= Math.max(0, end - firstPartition);
            if (end < topic.partitionCount()) {
                response.setNextCursor(new Cursor().setTopicName(name).setPartitionIndex(end));
                break;
            }
            firstPartition = 0;
        }
        context.answer(response);
    }

    private static NavigableSet<String> names(BrokerShard broker, DescribeTopicPartitionsRequestData request) {
        var names = new TreeSet<String>();
        for (TopicRequest topic : request.topics()) {
            names.add(topic.name());
        }
        if (names.isEmpty()) {
            broker.topics().stream()
                    .map(TopicHandle::name)
                    .filter(Topics::isName)
                    .forEach(names::add);
        }
        return names;
    }

    private static DescribeTopicPartitionsResponseTopic unknown(String name) {
        Errors error = Topics.isName(name) ? Errors.UNKNOWN_TOPIC_OR_PARTITION : Errors.INVALID_TOPIC_EXCEPTION;
        return new DescribeTopicPartitionsResponseTopic().setName(name).setErrorCode(error.code());
    }

    private static DescribeTopicPartitionsResponseTopic described(TopicHandle topic, int from, int end) {
        var described = new DescribeTopicPartitionsResponseTopic()
                .setName(topic.name())
                .setTopicId(Topics.id(topic))
                .setIsInternal(Topics.isInternal(topic.name()));
        boolean isAvailable = topic.unavailable() == null;
        for (int i = from; i < end; i++) {
            described
                    .partitions()
                    .add(new DescribeTopicPartitionsResponsePartition()
                            .setPartitionIndex(i)
                            .setErrorCode((isAvailable ? Errors.NONE : Errors.LEADER_NOT_AVAILABLE).code())
                            .setLeaderId(isAvailable ? KafkaNode.ID : -1)
                            .setLeaderEpoch(topic.partition(i).leaderEpoch())
                            .setReplicaNodes(List.of(KafkaNode.ID))
                            .setIsrNodes(List.of(KafkaNode.ID))
                            .setEligibleLeaderReplicas(List.of())
                            .setLastKnownElr(List.of())
                            .setOfflineReplicas(List.of()));
        }
        return described;
    }
}
