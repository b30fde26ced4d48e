package dev.sluice.kafka;

import dev.sluice.broker.PartitionStream;
import dev.sluice.broker.Refusal;
import dev.sluice.broker.TopicHandle;
import org.apache.kafka.common.message.ListOffsetsRequestData;
import org.apache.kafka.common.message.ListOffsetsRequestData.ListOffsetsPartition;
import org.apache.kafka.common.message.ListOffsetsRequestData.ListOffsetsTopic;
import org.apache.kafka.common.message.ListOffsetsResponseData;
import org.apache.kafka.common.message.ListOffsetsResponseData.ListOffsetsPartitionResponse;
import org.apache.kafka.common.message.ListOffsetsResponseData.ListOffsetsTopicResponse;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.ListOffsetsRequest;

/** Finds the first offset, the end, or the first record from a time on. Stateless. */
final class ListOffsetsHandler implements RequestHandler<ListOffsetsRequestData> {
    private static final short FIRST_WITH_EPOCH = 4;

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
                findByTime(place, partition, timestamp);
            } else if (timestamp == ListOffsetsRequest.LATEST_TIMESTAMP
                    || timestamp == ListOffsetsRequest.EARLIEST_TIMESTAMP
                    || timestamp == ListOffsetsRequest.EARLIEST_LOCAL_TIMESTAMP) {
                findBound(place, partition, timestamp == ListOffsetsRequest.LATEST_TIMESTAMP);
            } else if (timestamp == ListOffsetsRequest.LATEST_TIERED_TIMESTAMP) {
                found(place, partition, -1, -1); // nothing is elsewhere
            } else {
                fail(place, Errors.UNSUPPORTED_VERSION);
            }
        }

        private void findByTime(ListOffsetsPartitionResponse place, PartitionStream partition, long timestampMs) {
            partition.find(timestampMs, new PartitionStream.OffsetReply() {
                @Override
                public void found(long offset, long foundMs) {
                    Answer.this.found(place, partition, foundMs < 0 ? -1 : offset, foundMs);
                }

                @Override
                public void refused(Refusal refusal) {
                    fail(place, KafkaErrors.of(refusal));
                }
            });
        }

        private void findBound(ListOffsetsPartitionResponse place, PartitionStream partition, boolean latest) {
            partition.bounds(new PartitionStream.BoundsReply() {
                @Override
                public void bounds(long startOffset, long endOffset) {
                    found(place, partition, latest ? endOffset : startOffset, -1);
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
            if (context.version() >= FIRST_WITH_EPOCH) {
                place.setLeaderEpoch(partition.leaderEpoch());
            }
            countdown.ended();
        }

        void fail(ListOffsetsPartitionResponse place, Errors error) {
            place.setErrorCode(error.code()).setOffset(-1).setTimestamp(-1);
            countdown.ended();
        }
    }
}
