package dev.sluice.kafka;

import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.Outcome;
import dev.sluice.broker.QueueProperty;
import dev.sluice.broker.QueueSettings;
import dev.sluice.broker.QueueSpec;
import dev.sluice.broker.QueueStatus;
import dev.sluice.broker.Refusal;
import dev.sluice.broker.TopicHandle;
import java.util.List;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableReplicaAssignment;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopicConfig;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.CreateTopicsResponseData.CreatableTopicConfigs;
import org.apache.kafka.common.message.CreateTopicsResponseData.CreatableTopicResult;
import org.apache.kafka.common.protocol.Errors;

/** Makes topics. Stateless. */
final class CreateTopicsHandler implements RequestHandler<CreateTopicsRequestData> {
    private static final int DEFAULT = -1;

    private final KafkaSettings node;
    private final TopicCreation creation;

    CreateTopicsHandler(KafkaSettings node, TopicCreation creation) {
        this.node = node;
        this.creation = creation;
    }

    @Override
    public void handle(RequestContext context, CreateTopicsRequestData request) {
        var response = new CreateTopicsResponseData();
        var countdown = new Countdown(() -> context.answer(response));
        for (CreatableTopic wish : request.topics()) {
            if (response.topics().find(wish.name()) != null) {
                continue;
            }
            var place = new CreatableTopicResult().setName(wish.name());
            response.topics().mustAdd(place);
            countdown.expect();
            boolean isRepeated = request.topics().findAll(wish.name()).size() > 1;
            create(context.broker(), wish, isRepeated, request.validateOnly(), place, countdown);
        }
        countdown.ended();
    }

    private void create(
            BrokerShard broker,
            CreatableTopic wish,
            boolean isRepeated,
            boolean onlyCheck,
            CreatableTopicResult place,
            Countdown countdown) {
        try {
            if (isRepeated) {
                throw new AdminError(Errors.INVALID_REQUEST, "the topic is named more than once");
            }
            QueueSpec spec = spec(broker, wish);
            if (onlyCheck) {
                describe(place, spec.settings());
                countdown.ended();
                return;
            }
            broker.createQueue(spec, AdminChecks.NO_CONNECTION, outcome -> {
                answer(broker, place, spec, outcome);
                countdown.ended();
            });
        } catch (AdminError wrong) {
            place.setErrorCode(wrong.error().code()).setErrorMessage(wrong.getMessage());
            countdown.ended();
        }
    }

    private QueueSpec spec(BrokerShard broker, CreatableTopic wish) {
        AdminChecks.name(wish.name());
        AdminChecks.notInternal(wish.name());
        if (broker.topic(wish.name()) != null) {
            throw new AdminError(Errors.TOPIC_ALREADY_EXISTS, "Topic '" + wish.name() + "' already exists.");
        }
        if (Topics.isInternal(wish.name())) {
            throw new AdminError(
                    Errors.INVALID_TOPIC_EXCEPTION,
                    "The broker makes topic '" + wish.name() + "' itself, when a group is first used.");
        }
        int partitions = wish.assignments().isEmpty() ? partitions(wish) : assigned(wish);
        if (partitions < 1 || partitions > AdminChecks.MOST_PARTITIONS) {
            throw new AdminError(
                    Errors.INVALID_PARTITIONS,
                    "A topic has 1 to " + AdminChecks.MOST_PARTITIONS + " partitions, not " + partitions + ".");
        }
        try {
            TopicSettings wanted = TopicSettings.defaults(node);
            for (CreatableTopicConfig config : wish.configs()) {
                wanted = wanted.with(config.name(), config.value());
            }
            QueueSettings settings = wanted.in(creation.defaults().with(QueueProperty.PARTITIONS, partitions));
            var spec = new QueueSpec(wish.name(), true, false, false, settings);
            String problem = spec.problem();
            if (problem != null) {
                throw new IllegalArgumentException(problem);
            }
            return spec;
        } catch (IllegalArgumentException wrong) {
            throw new AdminError(Errors.INVALID_CONFIG, wrong.getMessage());
        }
    }

    private int partitions(CreatableTopic wish) {
        if (wish.replicationFactor() != 1 && wish.replicationFactor() != DEFAULT) {
            throw new AdminError(
                    Errors.INVALID_REPLICATION_FACTOR,
                    "There is one broker, so the replication factor is 1, not " + wish.replicationFactor() + ".");
        }
        return wish.numPartitions() == DEFAULT ? node.defaultPartitions() : wish.numPartitions();
    }

    private static int assigned(CreatableTopic wish) {
        if (wish.numPartitions() != DEFAULT || wish.replicationFactor() != DEFAULT) {
            throw new AdminError(
                    Errors.INVALID_REQUEST,
                    "Replicas are assigned one by one, or there is a number of partitions and a replication factor.");
        }
        for (int i = 0; i < wish.assignments().size(); i++) {
            CreatableReplicaAssignment assignment = wish.assignments().find(i);
            AdminChecks.replicas(i, assignment == null ? null : assignment.brokerIds());
        }
        return wish.assignments().size();
    }

    private void answer(BrokerShard broker, CreatableTopicResult place, QueueSpec spec, Outcome<QueueStatus> outcome) {
        switch (outcome) {
            case Outcome.Done<QueueStatus> done -> {
                describe(place, spec.settings());
                TopicHandle topic = broker.topic(spec.name());
                if (topic != null) {
                    place.setTopicId(Topics.id(topic));
                }
            }
            case Outcome.Refused<QueueStatus>(Refusal refusal) ->
                place.setErrorCode(KafkaErrors.of(refusal).code()).setErrorMessage(KafkaErrors.text(refusal));
        }
    }

    private void describe(CreatableTopicResult place, QueueSettings settings) {
        TopicSettings described = TopicSettings.of(settings, node);
        List<CreatableTopicConfigs> configs = DescribedConfig.ofTopic(described, null, node).stream()
                .map(config -> new CreatableTopicConfigs()
                        .setName(config.name())
                        .setValue(config.value())
                        .setReadOnly(config.readOnly())
                        .setConfigSource(config.source().id()))
                .toList();
        place.setNumPartitions(settings.partitions())
                .setReplicationFactor((short) 1)
                .setConfigs(configs);
    }
}
