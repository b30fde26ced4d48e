package dev.sluice.kafka;

import dev.sluice.broker.PartitionStream;
import dev.sluice.broker.Refusal;
import dev.sluice.broker.TopicHandle;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData.OffsetForLeaderPartition;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData.OffsetForLeaderTopic;
import org.apache.kafka.common.message.OffsetForLeaderEpochResponseData;
import org.apache.kafka.common.message.OffsetForLeaderEpochResponseData.EpochEndOffset;
import org.apache.kafka.common.message.OffsetForLeaderEpochResponseData.OffsetForLeaderTopicResult;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/**
 * Lets a client find out whether what it has read is still there, after a restart of the broker. Nobody else could have taken over meanwhile, so for every epoch up to the present the answer is the end of the log: that is before what
 * the client has read only if the topic's durability allowed the loss. Stateless.
 */
final class OffsetForLeaderEpochHandler implements RequestHandler<OffsetForLeaderEpochRequestData> {
    @Override
    public void handle(RequestContext context, OffsetForLeaderEpochRequestData request) {
        var response = new OffsetForLeaderEpochResponseData();
        var countdown = new Countdown(() -> context.answer(response));
        for (OffsetForLeaderTopic asked : request.topics()) {
            TopicHandle topic = Topics.byName(context.broker(), asked.topic());
            var result = new OffsetForLeaderTopicResult().setTopic(asked.topic());
            response.topics().add(result);
            for (OffsetForLeaderPartition partition : asked.partitions()) {
                var place = new EpochEndOffset()
                        .setPartition(partition.partition())
                        .setLeaderEpoch(LeaderEpochs.NONE)
                        .setEndOffset(-1);
                result.partitions().add(place);
                countdown.expect();
                find(topic, partition, place, countdown::ended);
            }
        }
        countdown.ended();
    }

    private static void find(
            @Nullable TopicHandle topic, OffsetForLeaderPartition asked, EpochEndOffset place, Runnable ended) {
        if (topic == null || asked.partition() < 0 || asked.partition() >= topic.partitionCount()) {
            place.setErrorCode(Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
            ended.run();
            return;
        }
        PartitionStream partition = topic.partition(asked.partition());
        Errors stale = LeaderEpochs.check(asked.currentLeaderEpoch(), partition);
        if (stale != Errors.NONE || asked.leaderEpoch() > partition.leaderEpoch()) {
            place.setErrorCode(stale.code());
            ended.run();
            return;
        }
        partition.bounds(new PartitionStream.BoundsReply() {
            @Override
            public void bounds(long startOffset, long endOffset) {
                place.setLeaderEpoch(asked.leaderEpoch()).setEndOffset(endOffset);
                ended.run();
            }

            @Override
            public void refused(Refusal refusal) {
                place.setErrorCode(KafkaErrors.of(refusal).code());
                ended.run();
            }
        });
    }
}
