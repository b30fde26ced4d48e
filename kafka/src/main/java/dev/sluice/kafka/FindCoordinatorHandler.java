package dev.sluice.kafka;

import dev.sluice.kafka.group.GroupRequests;
import java.net.InetSocketAddress;
import java.util.List;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.FindCoordinatorResponseData;
import org.apache.kafka.common.message.FindCoordinatorResponseData.Coordinator;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.FindCoordinatorRequest.CoordinatorType;

/** Sends whoever asks for a group to the only node there is, once it serves groups. Stateless. */
final class FindCoordinatorHandler implements RequestHandler<FindCoordinatorRequestData> {
    private static final short FIRST_WITH_SEVERAL = 4;
    private static final int NOBODY = -1;

    private final KafkaNode node;
    private final GroupRequests groups;

    FindCoordinatorHandler(KafkaNode node, GroupRequests groups) {
        this.node = node;
        this.groups = groups;
    }

    @Override
    public void handle(RequestContext context, FindCoordinatorRequestData request) {
        if (request.keyType() == CoordinatorType.GROUP.id()) {
            context.answerLater(groups.ready(), error -> answer(context, request, error, error.message()));
        } else {
            String text = request.keyType() == CoordinatorType.TRANSACTION.id()
                    ? "transactions are not served over Kafka's protocol yet"
                    : "only groups have a coordinator here";
            context.answer(answer(context, request, Errors.INVALID_REQUEST, text));
        }
    }

    private FindCoordinatorResponseData answer(
            RequestContext context, FindCoordinatorRequestData request, Errors error, String text) {
        boolean isFound = error == Errors.NONE;
        InetSocketAddress address = node.addressFor(context);
        var response = new FindCoordinatorResponseData();
        if (context.version() < FIRST_WITH_SEVERAL) {
            return response.setErrorCode(error.code())
                    .setErrorMessage(text)
                    .setNodeId(isFound ? KafkaNode.ID : NOBODY)
                    .setHost(isFound ? address.getHostString() : "")
                    .setPort(isFound ? address.getPort() : NOBODY);
        }
        List<Coordinator> found = request.coordinatorKeys().stream()
                .map(key -> new Coordinator()
                        .setKey(key)
                        .setErrorCode(error.code())
                        .setErrorMessage(text)
                        .setNodeId(isFound ? KafkaNode.ID : NOBODY)
                        .setHost(isFound ? address.getHostString() : "")
                        .setPort(isFound ? address.getPort() : NOBODY))
                .toList();
        return response.setCoordinators(found);
    }
}
