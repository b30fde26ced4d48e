package dev.sluice.kafka;

import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.TopicHandle;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataRequestData.MetadataRequestTopic;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseBroker;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponsePartition;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseTopic;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** Tells which topics there are, after making those that are asked for and missing. Stateless. */
final class MetadataHandler implements RequestHandler<MetadataRequestData> {
    private static final short FIRST_WITH_EMPTY_LIST = 1;

    private final KafkaNode node;
    private final TopicCreation creation;

    MetadataHandler(KafkaNode node, TopicCreation creation) {
        this.node = node;
        this.creation = creation;
    }

    @Override
    public void handle(RequestContext context, MetadataRequestData request) {
        List<MetadataRequestTopic> asked = request.topics();
        boolean all = asked == null || (asked.isEmpty() && context.version() < FIRST_WITH_EMPTY_LIST);
        if (all) {
            context.answer(answer(context, described(context.broker())));
            return;
        }
        Set<String> missing =
                request.allowAutoTopicCreation() && node.settings().autoCreateTopics()
                        ? missing(context.broker(), asked)
                        : Set.of();
        var countdown = new Countdown(() -> context.answer(answer(context, described(context.broker(), asked))));
        for (String name : missing) {
            countdown.expect();
            creation.createByName(context.broker(), name, created -> countdown.ended());
        }
        countdown.ended();
    }

    private static Set<String> missing(BrokerShard broker, List<MetadataRequestTopic> asked) {
        var missing = new LinkedHashSet<String>();
        for (MetadataRequestTopic topic : asked) {
            String name = topic.name();
            if (name != null && Topics.isName(name) && !Topics.isInternal(name) && broker.topic(name) == null) {
                missing.add(name);
            }
        }
        return missing;
    }

    private MetadataResponseData answer(RequestContext context, List<MetadataResponseTopic> topics) {
        InetSocketAddress address = node.addressFor(context);
        var response = new MetadataResponseData().setClusterId(node.clusterId()).setControllerId(KafkaNode.ID);
        response.brokers()
                .add(new MetadataResponseBroker()
                        .setNodeId(KafkaNode.ID)
                        .setHost(address.getHostString())
                        .setPort(address.getPort()));
        topics.forEach(response.topics()::mustAdd);
        return response;
    }

    private static List<MetadataResponseTopic> described(BrokerShard broker) {
        var topics = new ArrayList<MetadataResponseTopic>();
        for (TopicHandle topic : broker.topics()) {
            if (Topics.isName(topic.name())) {
                topics.add(described(topic));
            }
        }
        return topics;
    }

    private static List<MetadataResponseTopic> described(BrokerShard broker, List<MetadataRequestTopic> asked) {
        var topics = new ArrayList<MetadataResponseTopic>();
        var seen = new LinkedHashSet<Object>();
        for (MetadataRequestTopic wish : asked) {
            String name = wish.name();
            TopicHandle topic = Topics.find(broker, name, wish.topicId());
            if (seen.add(topic != null ? topic.name() : name != null ? name : wish.topicId())) {
                topics.add(topic != null ? described(topic) : unknown(name, wish.topicId()));
            }
        }
        return topics;
    }

    private static MetadataResponseTopic unknown(@Nullable String name, Uuid id) {
        Errors error = name == null
                ? Errors.UNKNOWN_TOPIC_ID
                : Topics.isName(name) ? Errors.UNKNOWN_TOPIC_OR_PARTITION : Errors.INVALID_TOPIC_EXCEPTION;
        return new MetadataResponseTopic().setName(name).setTopicId(id).setErrorCode(error.code());
    }

    private static MetadataResponseTopic described(TopicHandle topic) {
        var partitions = new ArrayList<MetadataResponsePartition>();
        boolean isAvailable = topic.unavailable() == null;
        for (int i = 0; i < topic.partitionCount(); i++) {
            partitions.add(new MetadataResponsePartition()
                    .setPartitionIndex(i)
                    .setErrorCode(isAvailable ? Errors.NONE.code() : Errors.LEADER_NOT_AVAILABLE.code())
                    .setLeaderId(isAvailable ? KafkaNode.ID : -1)
                    .setLeaderEpoch(topic.partition(i).leaderEpoch())
                    .setReplicaNodes(List.of(KafkaNode.ID))
                    .setIsrNodes(List.of(KafkaNode.ID))
                    .setOfflineReplicas(List.of()));
        }
        return new MetadataResponseTopic()
                .setName(topic.name())
                .setTopicId(Topics.id(topic))
                .setIsInternal(Topics.isInternal(topic.name()))
                .setPartitions(partitions);
    }
}
