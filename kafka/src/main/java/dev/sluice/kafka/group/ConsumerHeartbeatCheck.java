package dev.sluice.kafka.group;

import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.ApiError;
import org.apache.kafka.common.requests.ConsumerGroupHeartbeatRequest;
import org.jspecify.annotations.Nullable;

/** What the coordinator takes for granted of the heartbeat of a consumer (KIP-848). Stateless. */
final class ConsumerHeartbeatCheck {
    private static final int JOINING = 0;
    private static final int NO_TIMEOUT = -1;

    private ConsumerHeartbeatCheck() {}

    /** Null if there is none. */
    static @Nullable ApiError errorIn(ConsumerGroupHeartbeatRequestData request, short version) {
        String why = whyInvalid(request, version);
        if (why != null) {
            return new ApiError(Errors.INVALID_REQUEST, why);
        }
        String assignor = request.serverAssignor();
        return assignor == null || assignor.equals("uniform") || assignor.equals("range")
                ? null
                : new ApiError(
                        Errors.UNSUPPORTED_ASSIGNOR,
                        "there is no assignor " + assignor + " here, but uniform and range");
    }

    private static @Nullable String whyInvalid(ConsumerGroupHeartbeatRequestData request, short version) {
        int epoch = request.memberEpoch();
        boolean isLeaving = epoch == ConsumerGroupHeartbeatRequest.LEAVE_GROUP_MEMBER_EPOCH;
        boolean needsId = version >= ConsumerGroupHeartbeatRequest.CONSUMER_GENERATED_MEMBER_ID_REQUIRED_VERSION
                || epoch > JOINING
                || isLeaving;
        if (needsId && request.memberId().isEmpty()) {
            return "the member id is empty";
        }
        if (request.groupId().isEmpty() || isEmpty(request.instanceId()) || isEmpty(request.rackId())) {
            return "the group id, the instance id or the rack id is empty";
        }
        if (epoch == JOINING) {
            return whyCannotJoin(request);
        }
        if (epoch == ConsumerGroupHeartbeatRequest.LEAVE_GROUP_STATIC_MEMBER_EPOCH) {
            return request.instanceId() == null ? "a static member leaves without its instance id" : null;
        }
        return epoch < ConsumerGroupHeartbeatRequest.LEAVE_GROUP_STATIC_MEMBER_EPOCH
                ? "the member epoch is " + epoch
                : null;
    }

    private static @Nullable String whyCannotJoin(ConsumerGroupHeartbeatRequestData request) {
        if (request.rebalanceTimeoutMs() == NO_TIMEOUT) {
            return "a member joins without a rebalance timeout";
        }
        if (request.topicPartitions() == null || !request.topicPartitions().isEmpty()) {
            return "a member joins that says it owns partitions";
        }
        return request.subscribedTopicNames() == null && request.subscribedTopicRegex() == null
                ? "a member joins without saying which topics it wants"
                : null;
    }

    private static boolean isEmpty(@Nullable String text) {
        return text != null && text.isEmpty();
    }
}
