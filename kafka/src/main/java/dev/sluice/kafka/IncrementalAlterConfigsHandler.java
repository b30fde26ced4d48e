package dev.sluice.kafka;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData.AlterConfigsResource;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData.AlterableConfig;
import org.apache.kafka.common.message.IncrementalAlterConfigsResponseData;
import org.apache.kafka.common.message.IncrementalAlterConfigsResponseData.AlterConfigsResourceResponse;
import org.apache.kafka.common.requests.DescribeConfigsResponse.ConfigType;
import org.jspecify.annotations.Nullable;

/** Changes single configurations of topics. Stateless. */
final class IncrementalAlterConfigsHandler implements RequestHandler<IncrementalAlterConfigsRequestData> {
    private final KafkaSettings node;

    IncrementalAlterConfigsHandler(KafkaSettings node) {
        this.node = node;
    }

    @Override
    public void handle(RequestContext context, IncrementalAlterConfigsRequestData request) {
        var response = new IncrementalAlterConfigsResponseData();
        var alterations =
                new TopicAlterations(node, context.broker(), request.validateOnly(), () -> context.answer(response));
        for (AlterConfigsResource resource : request.resources()) {
            var place = new AlterConfigsResourceResponse()
                    .setResourceType(resource.resourceType())
                    .setResourceName(resource.resourceName());
            response.responses().add(place);
            alterations.alter(
                    resource.resourceType(),
                    resource.resourceName(),
                    present -> changed(present, resource),
                    (error, text) -> place.setErrorCode(error.code()).setErrorMessage(text));
        }
        alterations.end();
    }

    private static TopicSettings changed(TopicSettings present, AlterConfigsResource resource) {
        TopicSettings changed = present;
        var seen = new HashSet<String>();
        for (AlterableConfig config : resource.configs()) {
            if (!seen.add(config.name())) {
                throw new IllegalArgumentException("The config " + config.name() + " is named more than once");
            }
            changed = changed(changed, config);
        }
        return changed;
    }

    private static TopicSettings changed(TopicSettings present, AlterableConfig config) {
        AlterConfigOp.OpType operation = AlterConfigOp.OpType.forId(config.configOperation());
        if (operation == null) {
            throw new IllegalArgumentException("There is no operation " + config.configOperation());
        }
        return switch (operation) {
            case SET -> present.with(config.name(), config.value());
            case DELETE -> present.without(config.name());
            case APPEND -> {
                List<String> list = list(present, config);
                part(config).stream().filter(part -> !list.contains(part)).forEach(list::add);
                yield present.with(config.name(), String.join(",", list));
            }
            case SUBTRACT -> {
                List<String> list = list(present, config);
                list.removeAll(part(config));
                yield present.with(config.name(), String.join(",", list));
            }
        };
    }

    private static List<String> list(TopicSettings present, AlterableConfig config) {
        TopicSetting setting = TopicSettings.known(config.name());
        if (setting.type() != ConfigType.LIST) {
            throw new IllegalArgumentException("The config " + config.name() + " is no list");
        }
        return new ArrayList<>(TopicSetting.list(present.value(setting)));
    }

    private static List<String> part(AlterableConfig config) {
        @Nullable String value = config.value();
        if (value == null) {
            throw new IllegalArgumentException("There is no value for the topic config " + config.name());
        }
        return TopicSetting.list(value);
    }
}
