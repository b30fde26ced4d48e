package dev.sluice.kafka;

import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.TopicHandle;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.message.DescribeConfigsRequestData;
import org.apache.kafka.common.message.DescribeConfigsRequestData.DescribeConfigsResource;
import org.apache.kafka.common.message.DescribeConfigsResponseData;
import org.apache.kafka.common.message.DescribeConfigsResponseData.DescribeConfigsResourceResult;
import org.apache.kafka.common.message.DescribeConfigsResponseData.DescribeConfigsResult;
import org.apache.kafka.common.message.DescribeConfigsResponseData.DescribeConfigsSynonym;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.DescribeConfigsResponse.ConfigSource;

/** Tells the configurations of topics and of the node. Stateless. */
final class DescribeConfigsHandler implements RequestHandler<DescribeConfigsRequestData> {
    private final KafkaSettings node;

    DescribeConfigsHandler(KafkaSettings node) {
        this.node = node;
    }

    @Override
    public void handle(RequestContext context, DescribeConfigsRequestData request) {
        var response = new DescribeConfigsResponseData();
        for (DescribeConfigsResource resource : request.resources()) {
            var place = new DescribeConfigsResult()
                    .setResourceType(resource.resourceType())
                    .setResourceName(resource.resourceName());
            response.results().add(place);
            try {
                place.setConfigs(configs(context.broker(), resource).stream()
                        .map(config -> result(config, request))
                        .toList());
            } catch (AdminError wrong) {
                place.setErrorCode(wrong.error().code()).setErrorMessage(wrong.getMessage());
            }
        }
        context.answer(response);
    }

    private List<DescribedConfig> configs(BrokerShard broker, DescribeConfigsResource resource) {
        return switch (ConfigResource.Type.forId(resource.resourceType())) {
            case TOPIC -> {
                TopicHandle topic = AdminChecks.topicOrQueue(broker, resource.resourceName());
                TopicSettings settings = TopicSettings.of(topic.spec().settings(), node);
                yield DescribedConfig.ofTopic(settings, resource.configurationKeys(), node);
            }
            case BROKER -> {
                String name = resource.resourceName();
                if (!name.isEmpty() && !name.equals(Integer.toString(KafkaNode.ID))) {
                    throw new AdminError(
                            Errors.INVALID_REQUEST, "There is one broker, " + KafkaNode.ID + ", and no " + name + ".");
                }
                yield DescribedConfig.ofNode(resource.configurationKeys(), node);
            }
            default ->
                throw new AdminError(
                        Errors.INVALID_REQUEST,
                        "Configurations are those of topics and of the broker, not of resources of the type "
                                + resource.resourceType() + ".");
        };
    }

    private static DescribeConfigsResourceResult result(DescribedConfig config, DescribeConfigsRequestData request) {
        var result = new DescribeConfigsResourceResult()
                .setName(config.name())
                .setValue(config.value())
                .setReadOnly(config.readOnly())
                .setConfigSource(config.source().id())
                .setIsSensitive(false)
                .setConfigType(config.type().id());
        if (request.includeDocumentation()) {
            result.setDocumentation(config.text());
        }
        return request.includeSynonyms() ? result.setSynonyms(synonyms(config)) : result;
    }

    /** What holds, and what would hold if it were not for that. */
    private static List<DescribeConfigsSynonym> synonyms(DescribedConfig config) {
        var synonyms = new ArrayList<DescribeConfigsSynonym>();
        if (config.source() != ConfigSource.DEFAULT_CONFIG) {
            synonyms.add(new DescribeConfigsSynonym()
                    .setName(config.name())
                    .setValue(config.value())
                    .setSource(config.source().id()));
        }
        synonyms.add(new DescribeConfigsSynonym()
                .setName(config.name())
                .setValue(config.defaultValue())
                .setSource(ConfigSource.DEFAULT_CONFIG.id()));
        return synonyms;
    }
}
