package dev.sluice.kafka;

import dev.sluice.broker.TopicHandle;
import java.util.List;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.message.ListConfigResourcesRequestData;
import org.apache.kafka.common.message.ListConfigResourcesResponseData;

/** Tells what has configurations: topics and the node. Stateless. */
final class ListConfigResourcesHandler implements RequestHandler<ListConfigResourcesRequestData> {
    private static final short FIRST_WITH_TYPES = 1;

    @Override
    public void handle(RequestContext context, ListConfigResourcesRequestData request) {
        var response = new ListConfigResourcesResponseData();
        if (wants(context, request, ConfigResource.Type.TOPIC)) {
            context.broker().topics().stream()
                    .map(TopicHandle::name)
                    .filter(Topics::isName)
                    .forEach(name -> response.configResources().add(resource(ConfigResource.Type.TOPIC, name)));
        }
        if (wants(context, request, ConfigResource.Type.BROKER)) {
            response.configResources().add(resource(ConfigResource.Type.BROKER, Integer.toString(KafkaNode.ID)));
        }
        context.answer(response);
    }

    /** Before there were types it was about clients' metrics only, of which there are no configurations here. */
    private static boolean wants(
            RequestContext context, ListConfigResourcesRequestData request, ConfigResource.Type type) {
        List<Byte> types = request.resourceTypes();
        return context.version() >= FIRST_WITH_TYPES && (types.isEmpty() || types.contains(type.id()));
    }

    private static ListConfigResourcesResponseData.ConfigResource resource(ConfigResource.Type type, String name) {
        return new ListConfigResourcesResponseData.ConfigResource()
                .setResourceType(type.id())
                .setResourceName(name);
    }
}
