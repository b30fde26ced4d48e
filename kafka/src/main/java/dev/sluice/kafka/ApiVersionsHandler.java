package dev.sluice.kafka;

import java.util.regex.Pattern;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersion;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersionCollection;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

/** Tells which requests are served. Stateless. */
final class ApiVersionsHandler implements RequestHandler<ApiVersionsRequestData> {
    private static final Pattern SOFTWARE_NAME = Pattern.compile("[a-zA-Z0-9](?:[a-zA-Z0-9\\-.]*[a-zA-Z0-9])?");
    private static final short FIRST_WITH_SOFTWARE = 3;

    private final RequestTable table;
    private final KafkaNode node;

    ApiVersionsHandler(RequestTable table, KafkaNode node) {
        this.table = table;
        this.node = node;
    }

    @Override
    public void handle(RequestContext context, ApiVersionsRequestData request) {
        boolean isNamed = context.version() < FIRST_WITH_SOFTWARE
                || (isName(request.clientSoftwareName()) && isName(request.clientSoftwareVersion()));
        var response = new ApiVersionsResponseData();
        if (!isNamed) {
            response.setErrorCode(Errors.INVALID_REQUEST.code());
        } else if (isMisrouted(request)) {
            response.setErrorCode(Errors.REBOOTSTRAP_REQUIRED.code());
        } else {
            response.setApiKeys(served());
        }
        context.answer(response);
    }

    /** Whether the client takes this node for another, as its address was somebody else's before (KIP-1242). */
    private boolean isMisrouted(ApiVersionsRequestData request) {
        return request.clusterId() != null
                && !(request.clusterId().equals(node.clusterId()) && request.nodeId() == KafkaNode.ID);
    }

    private static boolean isName(String text) {
        return SOFTWARE_NAME.matcher(text).matches();
    }

    private ApiVersionCollection served() {
        var served = new ApiVersionCollection();
        for (RequestTable.Api<?> api : table.apis()) {
            served.add(new ApiVersion()
                    .setApiKey(api.key().id)
                    .setMinVersion(advertisedFrom(api))
                    .setMaxVersion(api.newest()));
        }
        return served;
    }

    /** As Kafka itself: older librdkafka compresses only where the oldest versions of Produce are named, which nobody sends any more. */
    private static short advertisedFrom(RequestTable.Api<?> api) {
        return api.key() == ApiKeys.PRODUCE ? 0 : api.oldest();
    }

    /** For a version that is too new, or none: the client learns which there are, in the oldest form. */
    void answerUnsupported(RequestContext context, RequestHeaderData header) {
        var only = new ApiVersionCollection();
        RequestTable.Api<?> own = table.api(ApiKeys.API_VERSIONS);
        if (own != null) {
            only.add(new ApiVersion()
                    .setApiKey(own.key().id)
                    .setMinVersion(own.oldest())
                    .setMaxVersion(own.newest()));
        }
        header.setRequestApiVersion((short) 0);
        context.answer(new ApiVersionsResponseData()
                .setErrorCode(Errors.UNSUPPORTED_VERSION.code())
                .setApiKeys(only));
    }
}
