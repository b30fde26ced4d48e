package dev.sluice.kafka;

import dev.sluice.kafka.group.GroupRequests;
import java.util.List;
import org.apache.kafka.common.message.ConsumerGroupDescribeRequestData;
import org.apache.kafka.common.message.ConsumerGroupDescribeResponseData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.apache.kafka.common.message.DeleteGroupsRequestData;
import org.apache.kafka.common.message.DeleteGroupsResponseData;
import org.apache.kafka.common.message.DescribeGroupsRequestData;
import org.apache.kafka.common.message.DescribeGroupsResponseData;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.LeaveGroupRequestData.MemberIdentity;
import org.apache.kafka.common.message.ListGroupsRequestData;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.JoinGroupResponse;
import org.apache.kafka.common.requests.LeaveGroupResponse;

/** Requests for groups and their members: what differs between their versions is here, and the rest is the coordinator's. Stateless. */
record GroupHandlers(GroupRequests groups) {
    private static final short FIRST_JOIN_WITH_REBALANCE_TIMEOUT = 1;
    private static final short FIRST_LEAVE_OF_SEVERAL = 3;
    private static final short FIRST_SYNC_WITH_PROTOCOL = 5;

    void join(RequestContext context, JoinGroupRequestData request) {
        if (context.version() < FIRST_JOIN_WITH_REBALANCE_TIMEOUT) {
            request.setRebalanceTimeoutMs(request.sessionTimeoutMs());
        }
        context.answerLater(
                groups.join(context.caller(), request),
                answer -> new JoinGroupResponse(answer, context.version()).data());
    }

    void sync(RequestContext context, SyncGroupRequestData request) {
        if (context.version() >= FIRST_SYNC_WITH_PROTOCOL
                && (request.protocolType() == null || request.protocolName() == null)) {
            context.answer(new SyncGroupResponseData().setErrorCode(Errors.INCONSISTENT_GROUP_PROTOCOL.code()));
            return;
        }
        context.answerLater(groups.sync(context.caller(), request), answer -> answer);
    }

    void heartbeat(RequestContext context, HeartbeatRequestData request) {
        context.answerLater(groups.heartbeat(context.caller(), request), answer -> answer);
    }

    void leave(RequestContext context, LeaveGroupRequestData request) {
        if (context.version() < FIRST_LEAVE_OF_SEVERAL) {
            request.setMembers(List.of(new MemberIdentity().setMemberId(request.memberId())));
        }
        context.answerLater(
                groups.leave(context.caller(), request),
                answer -> new LeaveGroupResponse(answer, context.version()).data());
    }

    void consumerHeartbeat(RequestContext context, ConsumerGroupHeartbeatRequestData request) {
        context.answerLater(groups.consumerHeartbeat(context.caller(), request), answer -> answer);
    }

    void describeConsumerGroups(RequestContext context, ConsumerGroupDescribeRequestData request) {
        context.answerLater(
                groups.describeConsumerGroups(request.groupIds()),
                described -> new ConsumerGroupDescribeResponseData().setGroups(described));
    }

    void describe(RequestContext context, DescribeGroupsRequestData request) {
        context.answerLater(
                groups.describe(context.caller(), request.groups()),
                described -> new DescribeGroupsResponseData().setGroups(described));
    }

    void list(RequestContext context, ListGroupsRequestData request) {
        context.answerLater(groups.list(request), answer -> answer);
    }

    void delete(RequestContext context, DeleteGroupsRequestData request) {
        context.answerLater(
                groups.delete(context.caller(), request.groupsNames()),
                results -> new DeleteGroupsResponseData().setResults(results));
    }
}
