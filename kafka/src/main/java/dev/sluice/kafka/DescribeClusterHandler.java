package dev.sluice.kafka;

import java.net.InetSocketAddress;
import org.apache.kafka.common.message.DescribeClusterRequestData;
import org.apache.kafka.common.message.DescribeClusterResponseData;
import org.apache.kafka.common.message.DescribeClusterResponseData.DescribeClusterBroker;
import org.apache.kafka.common.protocol.Errors;

/** Tells that this node is the cluster. Stateless. */
final class DescribeClusterHandler implements RequestHandler<DescribeClusterRequestData> {
    private static final byte BROKERS = 1;

    private final KafkaNode node;

    DescribeClusterHandler(KafkaNode node) {
        this.node = node;
    }

    @Override
    public void handle(RequestContext context, DescribeClusterRequestData request) {
        if (request.endpointType() != BROKERS) {
            context.answer(new DescribeClusterResponseData()
                    .setErrorCode(Errors.MISMATCHED_ENDPOINT_TYPE.code())
                    .setErrorMessage("This is a broker; there is no other kind of node."));
            return;
        }
        InetSocketAddress address = node.addressFor(context);
        var response = new DescribeClusterResponseData()
                .setClusterId(node.clusterId())
                .setControllerId(KafkaNode.ID)
                .setEndpointType(BROKERS);
        response.brokers()
                .mustAdd(new DescribeClusterBroker()
                        .setBrokerId(KafkaNode.ID)
                        .setHost(address.getHostString())
                        .setPort(address.getPort()));
        context.answer(response);
    }
}
