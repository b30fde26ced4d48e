package dev.sluice.kafka;

import dev.sluice.kafka.group.GroupRequests;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.message.AlterConfigsRequestData;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.message.ConsumerGroupDescribeRequestData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.apache.kafka.common.message.CreatePartitionsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.DeleteGroupsRequestData;
import org.apache.kafka.common.message.DeleteRecordsRequestData;
import org.apache.kafka.common.message.DeleteTopicsRequestData;
import org.apache.kafka.common.message.DescribeClusterRequestData;
import org.apache.kafka.common.message.DescribeConfigsRequestData;
import org.apache.kafka.common.message.DescribeGroupsRequestData;
import org.apache.kafka.common.message.DescribeLogDirsRequestData;
import org.apache.kafka.common.message.DescribeProducersRequestData;
import org.apache.kafka.common.message.DescribeTopicPartitionsRequestData;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.ListConfigResourcesRequestData;
import org.apache.kafka.common.message.ListGroupsRequestData;
import org.apache.kafka.common.message.ListOffsetsRequestData;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetDeleteRequestData;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.requests.AbstractRequest;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which kinds of requests are served, in which versions, and by whom. Immutable; shared by all shards. */
final class RequestTable {
    /** Of each request: key, version and correlation id. */
    static final int LEAST_HEADER_BYTES = 8;

    private static final Logger LOG = LoggerFactory.getLogger(RequestTable.class);
    private static final int VERSION = 2;
    /** By their keys; null where there is none. */
    private static final @Nullable ApiMessageType[] TYPES = types();

    private final Map<ApiKeys, Api<?>> apis = new EnumMap<>(ApiKeys.class);
    private final ApiVersionsHandler versions;

    /** A kind of request with the versions that are served, both included. */
    record Api<Q extends ApiMessage>(
            ApiKeys key, short oldest, short newest, Class<Q> type, RequestHandler<Q> handler) {
        boolean serves(short version) {
            return version >= oldest && version <= newest;
        }

        private void handle(RequestContext context, ApiMessage request) {
            handler.handle(context, type.cast(request));
        }
    }

    private RequestTable(KafkaNode node) {
        this.versions = new ApiVersionsHandler(this, node);
    }

    /** {@code groups}: what the coordinator of groups serves. */
    static RequestTable of(KafkaNode node, GroupRequests groups) {
        var table = new RequestTable(node);
        var topics = new TopicCreation(node.settings());
        table.serve(
                ApiKeys.API_VERSIONS,
                0,
                5,
                org.apache.kafka.common.message.ApiVersionsRequestData.class,
                table.versions);
        table.serve(ApiKeys.METADATA, 0, 13, MetadataRequestData.class, new MetadataHandler(node, topics));
        table.serve(ApiKeys.PRODUCE, 3, 13, ProduceRequestData.class, new ProduceHandler(node.settings()));
        table.serve(ApiKeys.FETCH, 4, 18, FetchRequestData.class, new FetchHandler());
        table.serve(ApiKeys.LIST_OFFSETS, 1, 11, ListOffsetsRequestData.class, new ListOffsetsHandler());
        table.serve(
                ApiKeys.OFFSET_FOR_LEADER_EPOCH,
                2,
                4,
                OffsetForLeaderEpochRequestData.class,
                new OffsetForLeaderEpochHandler());
        table.serve(ApiKeys.INIT_PRODUCER_ID, 0, 5, InitProducerIdRequestData.class, new InitProducerIdHandler());
        table.serve(
                ApiKeys.DESCRIBE_PRODUCERS, 0, 0, DescribeProducersRequestData.class, new DescribeProducersHandler());
        table.serveGroups(new FindCoordinatorHandler(node, groups), new GroupHandlers(groups));
        table.serveOffsets(new OffsetHandlers(groups));
        table.serveAdministrators(node, topics);
        return table;
    }

    private void serveGroups(FindCoordinatorHandler find, GroupHandlers groups) {
        serve(ApiKeys.FIND_COORDINATOR, 0, 6, FindCoordinatorRequestData.class, find);
        serve(ApiKeys.JOIN_GROUP, 0, 9, JoinGroupRequestData.class, groups::join);
        serve(ApiKeys.SYNC_GROUP, 0, 5, SyncGroupRequestData.class, groups::sync);
        serve(ApiKeys.HEARTBEAT, 0, 4, HeartbeatRequestData.class, groups::heartbeat);
        serve(ApiKeys.LEAVE_GROUP, 0, 5, LeaveGroupRequestData.class, groups::leave);
        serve(ApiKeys.DESCRIBE_GROUPS, 0, 6, DescribeGroupsRequestData.class, groups::describe);
        serve(ApiKeys.LIST_GROUPS, 0, 5, ListGroupsRequestData.class, groups::list);
        serve(ApiKeys.DELETE_GROUPS, 0, 3, DeleteGroupsRequestData.class, groups::delete);
        serve(
                ApiKeys.CONSUMER_GROUP_HEARTBEAT,
                0,
                1,
                ConsumerGroupHeartbeatRequestData.class,
                groups::consumerHeartbeat);
        serve(
                ApiKeys.CONSUMER_GROUP_DESCRIBE,
                0,
                1,
                ConsumerGroupDescribeRequestData.class,
                groups::describeConsumerGroups);
    }

    private void serveOffsets(OffsetHandlers offsets) {
        serve(ApiKeys.OFFSET_COMMIT, 2, 10, OffsetCommitRequestData.class, offsets::commit);
        serve(ApiKeys.OFFSET_FETCH, 1, 10, OffsetFetchRequestData.class, offsets::fetch);
        serve(ApiKeys.OFFSET_DELETE, 0, 0, OffsetDeleteRequestData.class, offsets::delete);
    }

    private void serveAdministrators(KafkaNode node, TopicCreation topics) {
        KafkaSettings settings = node.settings();
        serve(ApiKeys.CREATE_TOPICS, 2, 7, CreateTopicsRequestData.class, new CreateTopicsHandler(settings, topics));
        serve(ApiKeys.DELETE_TOPICS, 1, 6, DeleteTopicsRequestData.class, new DeleteTopicsHandler());
        serve(ApiKeys.DELETE_RECORDS, 0, 2, DeleteRecordsRequestData.class, new DeleteRecordsHandler(settings));
        serve(ApiKeys.DESCRIBE_CONFIGS, 1, 4, DescribeConfigsRequestData.class, new DescribeConfigsHandler(settings));
        serve(ApiKeys.ALTER_CONFIGS, 0, 2, AlterConfigsRequestData.class, new AlterConfigsHandler(settings));
        serve(ApiKeys.DESCRIBE_LOG_DIRS, 1, 5, DescribeLogDirsRequestData.class, new DescribeLogDirsHandler());
        serve(ApiKeys.CREATE_PARTITIONS, 0, 3, CreatePartitionsRequestData.class, new CreatePartitionsHandler());
        serve(
                ApiKeys.INCREMENTAL_ALTER_CONFIGS,
                0,
                1,
                IncrementalAlterConfigsRequestData.class,
                new IncrementalAlterConfigsHandler(settings));
        serve(ApiKeys.DESCRIBE_CLUSTER, 0, 2, DescribeClusterRequestData.class, new DescribeClusterHandler(node));
        serve(
                ApiKeys.LIST_CONFIG_RESOURCES,
                0,
                1,
                ListConfigResourcesRequestData.class,
                new ListConfigResourcesHandler());
        serve(
                ApiKeys.DESCRIBE_TOPIC_PARTITIONS,
                0,
                0,
                DescribeTopicPartitionsRequestData.class,
                new DescribeTopicPartitionsHandler());
    }

    private <Q extends ApiMessage> void serve(
            ApiKeys key, int oldest, int newest, Class<Q> type, RequestHandler<Q> handler) {
        apis.put(key, new Api<>(key, (short) oldest, (short) newest, type, handler));
    }

    /** In the order of their keys. */
    List<Api<?>> apis() {
        return new ArrayList<>(apis.values());
    }

    /** Whether the request that begins at {@code index} is one to produce. */
    static boolean isProduce(ByteBuf in, int index) {
        return in.getShort(index) == ApiKeys.PRODUCE.id;
    }

    /** Begins to serve one request, whose bytes the caller keeps for so long. */
    void take(KafkaConnection connection, ByteBuf request) {
        int start = request.readerIndex();
        short key = request.getShort(start);
        short version = request.getShort(start + VERSION);
        ApiMessageType type = typeOf(key);
        if (type == null) {
            connection.hangUp("there is no request with the key " + key, null);
            return;
        }
        Api<?> api = apis.get(ApiKeys.forId(key));
        boolean isKnown = version >= type.lowestSupportedVersion() && version <= type.highestSupportedVersion(true);
        if (!isKnown && key != ApiKeys.API_VERSIONS.id) {
            connection.hangUp("there is no version " + version + " of " + type.name, null);
            return;
        }
        RequestHeaderData header;
        ApiMessage body;
        try {
            body = type.newRequest();
            header = new RequestHeaderData(new ByteBufReadable(request), type.requestHeaderVersion(version));
            if (api != null && api.serves(version)) {
                body.read(new ByteBufReadable(request), version);
            }
        } catch (RuntimeException malformed) {
            connection.hangUp("a request of the kind " + type.name + " is malformed: " + malformed.getMessage(), null);
            return;
        }
        connection.known();
        var context = new RequestContext(connection, header, connection.openSlot());
        if (api != null && api.serves(version)) {
            serve(context, api, body, request.readerIndex(start));
        } else if (key == ApiKeys.API_VERSIONS.id) {
            versions.answerUnsupported(context, header);
        } else {
            answerError(
                    context,
                    type,
                    request,
                    start,
                    new UnsupportedVersionException(type.name + " is not served in version " + version));
        }
    }

    private static @Nullable ApiMessageType typeOf(short key) {
        return key >= 0 && key < TYPES.length ? TYPES[key] : null;
    }

    private static @Nullable ApiMessageType[] types() {
        int most = 0;
        for (ApiMessageType type : ApiMessageType.values()) {
            most = Math.max(most, type.apiKey());
        }
        var byKey = new @Nullable ApiMessageType[most + 1];
        for (ApiMessageType type : ApiMessageType.values()) {
            byKey[type.apiKey()] = type;
        }
        return byKey;
    }

    private static void serve(RequestContext context, Api<?> api, ApiMessage body, ByteBuf request) {
        try {
            api.handle(context, body);
        } catch (RuntimeException bug) {
            LOG.error("a request of {} of the kind {} failed", context.remoteAddress(), api.key, bug);
            if (!context.isOver()) {
                answerError(context, ApiMessageType.fromApiKey(api.key.id), request, request.readerIndex(), bug);
            }
        }
    }

    /** In the form that the kind of request has for it. */
    private static void answerError(
            RequestContext context, ApiMessageType type, ByteBuf request, int start, Throwable error) {
        try {
            short version = context.version();
            request.readerIndex(start);
            var _ = new RequestHeaderData(new ByteBufReadable(request), type.requestHeaderVersion(version));
            AbstractRequest parsed = AbstractRequest.parseRequest(
                            ApiKeys.forId(type.apiKey()), version, new ByteBufReadable(request))
                    .request;
            var response = parsed.getErrorResponse(error);
            if (response == null) {
                context.hangUpInTurn(type.name + " failed: " + error.getMessage());
            } else {
                context.answer(response.data());
            }
        } catch (RuntimeException unanswerable) {
            context.hangUp(type.name + " cannot be answered: " + error.getMessage(), unanswerable);
        }
    }

    /** The row of a kind; null if it is not served. */
    @Nullable
    Api<?> api(ApiKeys key) {
        return apis.get(key);
    }
}
