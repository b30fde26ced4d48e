package dev.sluice.kafka;

import dev.sluice.broker.PartitionStream;
import dev.sluice.broker.Refusal;
import dev.sluice.broker.TopicHandle;
import java.util.Map;
import org.apache.kafka.common.message.ListOffsetsRequestData;
import org.apache.kafka.common.message.ListOffsetsRequestData.ListOffsetsPartition;
import org.apache.kafka.common.message.ListOffsetsRequestData.ListOffsetsTopic;
import org.apache.kafka.common.message.ListOffsetsResponseData;
import org.apache.kafka.common.message.ListOffsetsResponseData.ListOffsetsPartitionResponse;
import org.apache.kafka.common.message.ListOffsetsResponseData.ListOffsetsTopicResponse;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.ListOffsetsRequest;

/** Finds the first offset, the end, the first record from a time on, or the one with the greatest timestamp. Stateless. */
final class ListOffsetsHandler implements RequestHandler<ListOffsetsRequestData> {
    private static final short FIRST_WITH_EPOCH = 4;
    private static final int NONE = -1;

    /** What is asked for with a number in place of a timestamp, and the versions of the request that have it first. */
    private static final Map<Long, Integer> FIRST_VERSIONS = Map.of(
            ListOffsetsRequest.LATEST_TIMESTAMP, 1,
            ListOffsetsRequest.EARLIEST_TIMESTAMP, 1,
            ListOffsetsRequest.MAX_TIMESTAMP, 7,
            ListOffsetsRequest.EARLIEST_LOCAL_TIMESTAMP, 8,
            ListOffsetsRequest.LATEST_TIERED_TIMESTAMP, 9,
            ListOffsetsRequest.EARLIEST_PENDING_UPLOAD_TIMESTAMP, 11);

    @Override
    public void handle(RequestContext context, ListOffsetsRequestData request) {
        var answer = new Answer(context);
        for (ListOffsetsTopic asked : request.topics()) {
            TopicHandle topic = Topics.byName(context.broker(), asked.name());
            var found = new ListOffsetsTopicResponse().setName(asked.name());
            answer.response.topics().add(found);
            for (ListOffsetsPartition partition : asked.partitions()) {
                var place = new ListOffsetsPartitionResponse().setPartitionIndex(partition.partitionIndex());
                found.partitions().add(place);
                answer.countdown.expect();
                if (topic == null
                        || partition.partitionIndex() < 0
                        || partition.partitionIndex() >= topic.partitionCount()) {
                    answer.fail(place, Errors.UNKNOWN_TOPIC_OR_PARTITION);
                } else {
                    answer.find(place, topic.partition(partition.partitionIndex()), partition);
                }
            }
        }
        answer.countdown.ended();
    }

    /** One request, until all its offsets are found. Confined to its connection's shard. */
    private static final class Answer {
        private final RequestContext context;
        private final ListOffsetsResponseData response = new ListOffsetsResponseData();
        private final Countdown countdown;

        Answer(RequestContext context) {
            this.context = context;
            this.countdown = new Countdown(() -> context.answer(response));
        }

        void find(ListOffsetsPartitionResponse place, PartitionStream partition, ListOffsetsPartition asked) {
            Errors stale = LeaderEpochs.check(asked.currentLeaderEpoch(), partition);
            long timestamp = asked.timestamp();
            if (stale != Errors.NONE) {
                fail(place, stale);
            } else if (timestamp >= 0) {
                partition.find(timestamp, new Found(place, partition));
            } else if (FIRST_VERSIONS.getOrDefault(timestamp, Integer.MAX_VALUE) > context.version()) {
                fail(place, Errors.UNSUPPORTED_VERSION);
            } else if (timestamp == ListOffsetsRequest.MAX_TIMESTAMP) {
                partition.latest(new Found(place, partition));
            } else if (timestamp == ListOffsetsRequest.LATEST_TIERED_TIMESTAMP
                    || timestamp == ListOffsetsRequest.EARLIEST_PENDING_UPLOAD_TIMESTAMP) {
                found(place, partition, NONE, NONE); // all records are here, and stay here
            } else {
                findBound(place, partition, timestamp == ListOffsetsRequest.LATEST_TIMESTAMP);
            }
        }

        /** Hears of the record that was looked for in one partition. */
        private final class Found implements PartitionStream.OffsetReply {
            private final ListOffsetsPartitionResponse place;
            private final PartitionStream partition;

            Found(ListOffsetsPartitionResponse place, PartitionStream partition) {
                this.place = place;
                this.partition = partition;
            }

            @Override
            public void found(long offset, long timestampMs) {
                Answer.this.found(place, partition, timestampMs < 0 ? NONE : offset, timestampMs);
            }

            @Override
            public void refused(Refusal refusal) {
                fail(place, KafkaErrors.of(refusal));
            }
        }

        private void findBound(ListOffsetsPartitionResponse place, PartitionStream partition, boolean latest) {
            partition.bounds(new PartitionStream.BoundsReply() {
                @Override
                public void bounds(long startOffset, long endOffset) {
                    found(place, partition, latest ? endOffset : startOffset, NONE);
                }

                @Override
                public void refused(Refusal refusal) {
                    fail(place, KafkaErrors.of(refusal));
                }
            });
        }

        private void found(
                ListOffsetsPartitionResponse place, PartitionStream partition, long offset, long timestampMs) {
            place.setOffset(offset).setTimestamp(timestampMs);
            if (offset != NONE && context.version() >= FIRST_WITH_EPOCH) {
                place.setLeaderEpoch(partition.leaderEpoch());
            }
            countdown.ended();
        }

        void fail(ListOffsetsPartitionResponse place, Errors error) {
            place.setErrorCode(error.code()).setOffset(NONE).setTimestamp(NONE);
            countdown.ended();
        }
    }
}
