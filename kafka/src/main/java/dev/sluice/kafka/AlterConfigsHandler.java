package dev.sluice.kafka;

import org.apache.kafka.common.message.AlterConfigsRequestData;
import org.apache.kafka.common.message.AlterConfigsRequestData.AlterConfigsResource;
import org.apache.kafka.common.message.AlterConfigsRequestData.AlterableConfig;
import org.apache.kafka.common.message.AlterConfigsResponseData;
import org.apache.kafka.common.message.AlterConfigsResponseData.AlterConfigsResourceResponse;

/** Gives topics all their configurations: the default for each that is not named. Stateless. */
final class AlterConfigsHandler implements RequestHandler<AlterConfigsRequestData> {
    private final KafkaSettings node;

    AlterConfigsHandler(KafkaSettings node) {
        this.node = node;
    }

    @Override
    public void handle(RequestContext context, AlterConfigsRequestData request) {
        var response = new AlterConfigsResponseData();
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
                    present -> wanted(resource),
                    (error, text) -> place.setErrorCode(error.code()).setErrorMessage(text));
        }
        alterations.end();
    }

    private TopicSettings wanted(AlterConfigsResource resource) {
        TopicSettings wanted = TopicSettings.defaults(node);
        for (AlterableConfig config : resource.configs()) {
            wanted = wanted.with(config.name(), config.value());
        }
        return wanted;
    }
}
