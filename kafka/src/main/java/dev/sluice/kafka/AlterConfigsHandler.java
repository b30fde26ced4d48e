package dev.sluice.kafka;

import org.apache.kafka.common.message.AlterConfigsRequestData;
import org.apache.kafka.common.message.AlterConfigsRequestData.AlterConfigsResource;
import org.apache.kafka.common.message.AlterConfigsRequestData.AlterableConfig;
import org.apache.kafka.common.message.AlterConfigsResponseData;
import org.apache.kafka.common.message.AlterConfigsResponseData.AlterConfigsResourceResponse;

/** Gives topics all their configurations: the default for each that is not named. Stateless. */
final class AlterConfigsHandler implements RequestHandler<AlterConfigsRequestData> {
    private final KafkaSettings node;
    private final TopicAlteration alteration;

    AlterConfigsHandler(KafkaSettings node) {
        this.node = node;
        this.alteration = new TopicAlteration(node);
    }

    @Override
    public void handle(RequestContext context, AlterConfigsRequestData request) {
        var response = new AlterConfigsResponseData();
        var countdown = new Countdown(() -> context.answer(response));
        for (AlterConfigsResource resource : request.resources()) {
            var place = new AlterConfigsResourceResponse()
                    .setResourceType(resource.resourceType())
                    .setResourceName(resource.resourceName());
            response.responses().add(place);
            countdown.expect();
            alteration.alter(
                    context.broker(),
                    resource.resourceType(),
                    resource.resourceName(),
                    present -> wanted(resource),
                    request.validateOnly(),
                    (error, text) -> {
                        place.setErrorCode(error.code()).setErrorMessage(text);
                        countdown.ended();
                    });
        }
        countdown.ended();
    }

    private TopicSettings wanted(AlterConfigsResource resource) {
        TopicSettings wanted = TopicSettings.defaults(node);
        for (AlterableConfig config : resource.configs()) {
            wanted = wanted.with(config.name(), config.value());
        }
        return wanted;
    }
}
