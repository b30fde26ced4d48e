package dev.sluice.kafka.group;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.apache.kafka.common.message.ConsumerGroupDescribeResponseData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatResponseData;
import org.apache.kafka.common.message.DeleteGroupsResponseData.DeletableGroupResultCollection;
import org.apache.kafka.common.message.DescribeGroupsResponseData;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.HeartbeatResponseData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.LeaveGroupResponseData;
import org.apache.kafka.common.message.ListGroupsRequestData;
import org.apache.kafka.common.message.ListGroupsResponseData;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.message.OffsetDeleteRequestData;
import org.apache.kafka.common.message.OffsetDeleteResponseData;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponseGroup;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.ApiError;
import org.apache.kafka.common.requests.ConsumerGroupDescribeRequest;
import org.apache.kafka.common.requests.DeleteGroupsRequest;
import org.apache.kafka.common.requests.DescribeGroupsRequest;
import org.apache.kafka.common.requests.OffsetCommitRequest;
import org.apache.kafka.common.requests.OffsetFetchResponse;
import org.apache.kafka.coordinator.common.runtime.CoordinatorOperationExceptionHelper;
import org.apache.kafka.coordinator.common.runtime.CoordinatorRecord;
import org.apache.kafka.coordinator.common.runtime.CoordinatorResult;
import org.apache.kafka.coordinator.common.runtime.CoordinatorRuntime.CoordinatorReadOperation;
import org.apache.kafka.coordinator.common.runtime.CoordinatorRuntime.CoordinatorWriteOperation;
import org.apache.kafka.coordinator.group.GroupCoordinatorConfig;
import org.apache.kafka.coordinator.group.GroupCoordinatorShard;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What clients may ask of groups. What the coordinator itself takes for granted is checked here. Answers complete on any shard, and never fail but for a bug. Thread-safe.
 */
public final class GroupRequests {
    private static final Logger LOG = LoggerFactory.getLogger(GroupRequests.class);

    private final GroupCoordinator coordinator;

    GroupRequests(GroupCoordinator coordinator) {
        this.coordinator = coordinator;
    }

    /** Completes with {@link Errors#NONE} once groups can be asked for. */
    public CompletableFuture<Errors> ready() {
        return coordinator
                .ready()
                .handle((groups, failure) -> failure == null ? Errors.NONE : Errors.COORDINATOR_NOT_AVAILABLE);
    }

    // Members of groups whose clients share the partitions among themselves.

    public CompletableFuture<JoinGroupResponseData> join(Caller caller, JoinGroupRequestData request) {
        if (request.groupId().isEmpty()) {
            return done(joinError(request, Errors.INVALID_GROUP_ID));
        }
        if (request.sessionTimeoutMs() < GroupCoordinatorConfig.GROUP_MIN_SESSION_TIMEOUT_MS_DEFAULT
                || request.sessionTimeoutMs() > GroupCoordinatorConfig.GROUP_MAX_SESSION_TIMEOUT_MS_DEFAULT) {
            return done(joinError(request, Errors.INVALID_SESSION_TIMEOUT));
        }
        return meeting(
                "join",
                request,
                (groups, answer) -> groups.classicGroupJoin(caller, request, answer, false),
                error -> joinError(request, error));
    }

    private static JoinGroupResponseData joinError(JoinGroupRequestData request, Errors error) {
        return new JoinGroupResponseData().setMemberId(request.memberId()).setErrorCode(error.code());
    }

    public CompletableFuture<SyncGroupResponseData> sync(Caller caller, SyncGroupRequestData request) {
        if (request.groupId().isEmpty()) {
            return done(new SyncGroupResponseData().setErrorCode(Errors.INVALID_GROUP_ID.code()));
        }
        return meeting(
                "sync",
                request,
                (groups, answer) -> groups.classicGroupSync(caller, request, answer),
                error -> new SyncGroupResponseData().setErrorCode(error.code()));
    }

    public CompletableFuture<HeartbeatResponseData> heartbeat(Caller caller, HeartbeatRequestData request) {
        if (request.groupId().isEmpty()) {
            return done(new HeartbeatResponseData().setErrorCode(Errors.INVALID_GROUP_ID.code()));
        }
        return write(
                "heartbeat",
                request,
                groups -> groups.classicGroupHeartbeat(caller, request),
                (error, text) -> new HeartbeatResponseData()
                        .setErrorCode(heartbeatError(error).code()));
    }

    /** While groups are loaded a member need not do anything. */
    private static Errors heartbeatError(Errors error) {
        return error == Errors.COORDINATOR_LOAD_IN_PROGRESS ? Errors.NONE : error;
    }

    public CompletableFuture<LeaveGroupResponseData> leave(Caller caller, LeaveGroupRequestData request) {
        if (request.groupId().isEmpty()) {
            return done(new LeaveGroupResponseData().setErrorCode(Errors.INVALID_GROUP_ID.code()));
        }
        return write(
                "leave",
                request,
                groups -> groups.classicGroupLeave(caller, request),
                (error, text) -> leaveError(request, error));
    }

    /** That there is no such group is said of each member. */
    private static LeaveGroupResponseData leaveError(LeaveGroupRequestData request, Errors error) {
        var response = new LeaveGroupResponseData();
        if (error != Errors.UNKNOWN_MEMBER_ID) {
            return response.setErrorCode(error.code());
        }
        for (LeaveGroupRequestData.MemberIdentity member : request.members()) {
            response.members()
                    .add(new LeaveGroupResponseData.MemberResponse()
                            .setMemberId(member.memberId())
                            .setGroupInstanceId(member.groupInstanceId())
                            .setErrorCode(error.code()));
        }
        return response;
    }

    // Members of groups to which the coordinator gives partitions.

    public CompletableFuture<ConsumerGroupHeartbeatResponseData> consumerHeartbeat(
            Caller caller, ConsumerGroupHeartbeatRequestData request) {
        ApiError invalid = ConsumerHeartbeatCheck.errorIn(request, caller.version());
        if (invalid != null) {
            return done(consumerHeartbeatError(invalid.error(), invalid.message()));
        }
        return write(
                "consumer heartbeat",
                request,
                groups -> groups.consumerGroupHeartbeat(caller, request),
                GroupRequests::consumerHeartbeatError);
    }

    private static ConsumerGroupHeartbeatResponseData consumerHeartbeatError(Errors error, @Nullable String text) {
        return new ConsumerGroupHeartbeatResponseData()
                .setErrorCode(error.code())
                .setErrorMessage(text);
    }

    /** {@code groupIds}: none of them empty. */
    public CompletableFuture<List<ConsumerGroupDescribeResponseData.DescribedGroup>> describeConsumerGroups(
            List<String> groupIds) {
        return read(
                "consumer describe",
                groupIds,
                (groups, offset) -> groups.consumerGroupDescribe(groupIds, offset),
                (error, text) -> ConsumerGroupDescribeRequest.getErrorDescribedGroupList(groupIds, error));
    }

    // Offsets.

    /** {@code request}: of topics that are there. */
    public CompletableFuture<OffsetCommitResponseData> commit(Caller caller, OffsetCommitRequestData request) {
        return write(
                "commit",
                request,
                groups -> groups.commitOffset(caller, request),
                (error, text) -> OffsetCommitRequest.getErrorResponse(request, error));
    }

    /** {@code isStable}: not before everything that was committed so far is durable. */
    public CompletableFuture<OffsetFetchResponseGroup> fetch(
            Caller caller, OffsetFetchRequestGroup request, boolean isStable) {
        BiFunction<Errors, String, OffsetFetchResponseGroup> refused =
                (error, text) -> OffsetFetchResponse.groupError(request, fetchError(error), caller.version());
        if (isStable) {
            return write(
                    "fetch",
                    request,
                    groups -> new CoordinatorResult<>(List.of(), groups.fetchOffsets(request, Long.MAX_VALUE)),
                    refused);
        }
        return read("fetch", request, (groups, offset) -> groups.fetchOffsets(request, offset), refused);
    }

    /** Clients know only this one, for the same. */
    private static Errors fetchError(Errors error) {
        return error == Errors.COORDINATOR_NOT_AVAILABLE ? Errors.NOT_COORDINATOR : error;
    }

    /** {@code request}: of topics that are there. */
    public CompletableFuture<OffsetDeleteResponseData> deleteOffsets(Caller caller, OffsetDeleteRequestData request) {
        if (request.groupId().isEmpty()) {
            return done(new OffsetDeleteResponseData().setErrorCode(Errors.INVALID_GROUP_ID.code()));
        }
        return write(
                "delete offsets",
                request,
                groups -> groups.deleteOffsets(caller, request),
                (error, text) -> new OffsetDeleteResponseData().setErrorCode(error.code()));
    }

    // Groups as a whole.

    public CompletableFuture<List<DescribeGroupsResponseData.DescribedGroup>> describe(
            Caller caller, List<String> groupIds) {
        return read(
                "describe",
                groupIds,
                (groups, offset) -> groups.describeGroups(caller, groupIds, offset),
                (error, text) -> DescribeGroupsRequest.getErrorDescribedGroupList(groupIds, error));
    }

    public CompletableFuture<ListGroupsResponseData> list(ListGroupsRequestData request) {
        return read(
                "list",
                request,
                (groups, offset) -> new ListGroupsResponseData()
                        .setGroups(groups.listGroups(request.statesFilter(), request.typesFilter(), offset)),
                (error, text) -> new ListGroupsResponseData().setErrorCode(error.code()));
    }

    public CompletableFuture<DeletableGroupResultCollection> delete(Caller caller, List<String> groupIds) {
        return write(
                "delete",
                groupIds,
                groups -> groups.deleteGroups(caller, groupIds),
                (error, text) -> DeleteGroupsRequest.getErrorResultCollection(groupIds, error));
    }

    // How they are asked.

    /** What is answered when the other members have come, which is later than what it writes is durable. */
    private interface Meeting<T> {
        CoordinatorResult<?, CoordinatorRecord> begin(GroupCoordinatorShard groups, CompletableFuture<T> answer);
    }

    private <T> CompletableFuture<T> meeting(
            String what, Object request, Meeting<T> meeting, Function<Errors, T> refused) {
        var answer = new CompletableFuture<T>();
        var _ = coordinator
                .ready()
                .thenCompose(groups -> groups.write(what, shard -> meeting.begin(shard, answer)))
                .whenComplete((written, failure) -> {
                    if (failure != null) {
                        answer.complete(errorOf(what, request, failure, (error, text) -> refused.apply(error)));
                    }
                });
        return answer;
    }

    private <T> CompletableFuture<T> write(
            String what,
            Object request,
            CoordinatorWriteOperation<GroupCoordinatorShard, T, CoordinatorRecord> operation,
            BiFunction<Errors, String, T> refused) {
        return ask(what, request, groups -> groups.write(what, operation), refused);
    }

    private <T> CompletableFuture<T> read(
            String what,
            Object request,
            CoordinatorReadOperation<GroupCoordinatorShard, T> operation,
            BiFunction<Errors, String, T> refused) {
        return ask(what, request, groups -> groups.read(what, operation), refused);
    }

    private <T> CompletableFuture<T> ask(
            String what,
            Object request,
            Function<Groups, CompletableFuture<T>> question,
            BiFunction<Errors, String, T> refused) {
        return coordinator
                .ready()
                .thenCompose(question)
                .exceptionally(failure -> errorOf(what, request, failure, refused));
    }

    private static <T> T errorOf(
            String what, Object request, Throwable failure, BiFunction<Errors, String, T> refused) {
        return CoordinatorOperationExceptionHelper.handleOperationException(what, request, failure, refused, LOG);
    }

    private static <T> CompletableFuture<T> done(T answer) {
        return CompletableFuture.completedFuture(answer);
    }
}
