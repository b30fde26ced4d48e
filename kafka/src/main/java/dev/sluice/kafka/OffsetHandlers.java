package dev.sluice.kafka;

import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.TopicHandle;
import dev.sluice.kafka.group.GroupRequests;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestPartition;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestTopic;
import org.apache.kafka.common.message.OffsetDeleteRequestData;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestPartition;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestTopic;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestTopicCollection;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestTopics;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponseGroup;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponsePartitions;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponseTopics;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.OffsetCommitResponse;
import org.apache.kafka.common.requests.OffsetDeleteResponse;
import org.apache.kafka.common.requests.OffsetFetchRequest;
import org.apache.kafka.common.requests.OffsetFetchResponse;
import org.jspecify.annotations.Nullable;

/** Requests for the offsets of groups: the coordinator hears only of topics that are there, by their names. Stateless. */
record OffsetHandlers(GroupRequests groups) {

    void commit(RequestContext context, OffsetCommitRequestData request) {
        boolean byId = OffsetCommitResponse.useTopicIds(context.version());
        var response = OffsetCommitResponse.newBuilder(byId);
        var known = new ArrayList<OffsetCommitRequestTopic>();
        for (OffsetCommitRequestTopic topic : request.topics()) {
            TopicHandle found = Topics.find(context.broker(), byId ? null : topic.name(), topic.topicId());
            var partitions = new ArrayList<OffsetCommitRequestPartition>();
            for (OffsetCommitRequestPartition partition : topic.partitions()) {
                if (has(found, partition.partitionIndex())) {
                    partitions.add(partition);
                } else {
                    Errors error = unknown(byId && found == null);
                    response.addPartition(topic.topicId(), topic.name(), partition.partitionIndex(), error);
                }
            }
            if (found != null && !partitions.isEmpty()) {
                known.add(new OffsetCommitRequestTopic()
                        .setName(found.name())
                        .setTopicId(topic.topicId())
                        .setPartitions(partitions));
            }
        }
        if (known.isEmpty()) {
            context.answer(response.build().data());
            return;
        }
        context.answerLater(
                groups.commit(context.caller(), request.duplicate().setTopics(known)),
                answer -> response.merge(answer).build().data());
    }

    private static boolean has(@Nullable TopicHandle topic, int partition) {
        return topic != null && partition >= 0 && partition < topic.partitionCount();
    }

    private static Errors unknown(boolean id) {
        return id ? Errors.UNKNOWN_TOPIC_ID : Errors.UNKNOWN_TOPIC_OR_PARTITION;
    }

    void fetch(RequestContext context, OffsetFetchRequestData request) {
        List<CompletableFuture<OffsetFetchResponseGroup>> answers = groupsOf(request, context.version()).stream()
                .map(group -> fetch(context, group, request.requireStable()))
                .toList();
        context.answerLater(
                CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
                        .thenApply(all -> answers),
                all -> new OffsetFetchResponse.Builder(
                                all.stream().map(CompletableFuture::join).toList())
                        .build(context.version())
                        .data());
    }

    /** Older requests are for one group. */
    private static List<OffsetFetchRequestGroup> groupsOf(OffsetFetchRequestData request, short version) {
        if (version >= OffsetFetchRequest.BATCH_MIN_VERSION) {
            return request.groups();
        }
        var topics = request.topics();
        return List.of(new OffsetFetchRequestGroup()
                .setGroupId(request.groupId())
                .setTopics(
                        topics == null
                                ? null
                                : topics.stream()
                                        .map(topic -> new OffsetFetchRequestTopics()
                                                .setName(topic.name())
                                                .setPartitionIndexes(topic.partitionIndexes()))
                                        .toList()));
    }

    private CompletableFuture<OffsetFetchResponseGroup> fetch(
            RequestContext context, OffsetFetchRequestGroup group, boolean isStable) {
        boolean byId = OffsetFetchRequest.useTopicIds(context.version());
        if (!byId) {
            return groups.fetch(context.caller(), group, isStable);
        }
        if (group.topics() == null) {
            BrokerShard broker = context.broker();
            return groups.fetch(context.caller(), group, isStable)
                    .thenApplyAsync(answer -> withIds(answer, broker), broker.shard());
        }
        var known = new ArrayList<OffsetFetchRequestTopics>();
        var missing = new ArrayList<OffsetFetchResponseTopics>();
        for (OffsetFetchRequestTopics topic : group.topics()) {
            TopicHandle found = Topics.byId(context.broker(), topic.topicId());
            if (found == null) {
                missing.add(missing(topic));
            } else {
                known.add(topic.duplicate().setName(found.name()));
            }
        }
        return groups.fetch(context.caller(), group.duplicate().setTopics(known), isStable)
                .thenApply(answer -> with(answer, missing));
    }

    /** Without topics that have gone meanwhile. */
    private static OffsetFetchResponseGroup withIds(OffsetFetchResponseGroup answer, BrokerShard broker) {
        var there = new ArrayList<OffsetFetchResponseTopics>();
        for (OffsetFetchResponseTopics topic : answer.topics()) {
            TopicHandle found = Topics.byName(broker, topic.name());
            if (found != null) {
                there.add(topic.setTopicId(Topics.id(found)));
            }
        }
        return answer.setTopics(there);
    }

    private static OffsetFetchResponseGroup with(
            OffsetFetchResponseGroup answer, List<OffsetFetchResponseTopics> missing) {
        if (answer.errorCode() != Errors.NONE.code() || missing.isEmpty()) {
            return answer;
        }
        var all = new ArrayList<>(answer.topics());
        all.addAll(missing);
        return answer.setTopics(all);
    }

    private static OffsetFetchResponseTopics missing(OffsetFetchRequestTopics topic) {
        return new OffsetFetchResponseTopics()
                .setTopicId(topic.topicId())
                .setPartitions(topic.partitionIndexes().stream()
                        .map(partition -> new OffsetFetchResponsePartitions()
                                .setPartitionIndex(partition)
                                .setCommittedOffset(OffsetFetchResponse.INVALID_OFFSET)
                                .setErrorCode(Errors.UNKNOWN_TOPIC_ID.code()))
                        .toList());
    }

    void delete(RequestContext context, OffsetDeleteRequestData request) {
        var response = new OffsetDeleteResponse.Builder();
        var known = new OffsetDeleteRequestTopicCollection();
        for (OffsetDeleteRequestTopic topic : request.topics()) {
            if (Topics.byName(context.broker(), topic.name()) == null) {
                response.addPartitions(
                        topic.name(),
                        topic.partitions(),
                        OffsetDeleteRequestPartition::partitionIndex,
                        Errors.UNKNOWN_TOPIC_OR_PARTITION);
            } else {
                known.add(topic.duplicate());
            }
        }
        if (known.isEmpty()) {
            context.answer(response.build().data());
            return;
        }
        context.answerLater(
                groups.deleteOffsets(context.caller(), request.duplicate().setTopics(known)),
                answer -> response.merge(answer).build().data());
    }
}
