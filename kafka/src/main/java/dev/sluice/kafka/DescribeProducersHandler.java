package dev.sluice.kafka;

import dev.sluice.broker.PartitionStream;
import dev.sluice.broker.ProducerStatus;
import dev.sluice.broker.Refusal;
import dev.sluice.broker.TopicHandle;
import java.util.List;
import org.apache.kafka.common.message.DescribeProducersRequestData;
import org.apache.kafka.common.message.DescribeProducersRequestData.TopicRequest;
import org.apache.kafka.common.message.DescribeProducersResponseData;
import org.apache.kafka.common.message.DescribeProducersResponseData.PartitionResponse;
import org.apache.kafka.common.message.DescribeProducersResponseData.ProducerState;
import org.apache.kafka.common.message.DescribeProducersResponseData.TopicResponse;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** Tells which producers have sent numbered batches to partitions of late. Stateless. */
final class DescribeProducersHandler implements RequestHandler<DescribeProducersRequestData> {
    private static final int NO_COORDINATOR = -1;

    @Override
    public void handle(RequestContext context, DescribeProducersRequestData request) {
        var answer = new Answer(context);
        for (TopicRequest asked : request.topics()) {
            TopicHandle topic = Topics.byName(context.broker(), asked.name());
            var found = new TopicResponse().setName(asked.name());
            answer.response.topics().add(found);
            for (int partition : asked.partitionIndexes()) {
                var place = new PartitionResponse().setPartitionIndex(partition);
                found.partitions().add(place);
                answer.left++;
                answer.find(topic, place);
            }
        }
        answer.ended();
    }

    /** One request, until all its partitions have answered. Confined to its connection's shard. */
    private static final class Answer {
        private final RequestContext context;
        private final DescribeProducersResponseData response = new DescribeProducersResponseData();
        private int left = 1;

        Answer(RequestContext context) {
            this.context = context;
        }

        void find(@Nullable TopicHandle topic, PartitionResponse place) {
            int index = place.partitionIndex();
            if (topic == null || index < 0 || index >= topic.partitionCount()) {
                place.setErrorCode(Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
                ended();
                return;
            }
            topic.partition(index).producers(new PartitionStream.ProducersReply() {
                @Override
                public void producers(List<ProducerStatus> producers) {
                    producers.forEach(producer -> place.activeProducers().add(state(producer)));
                    ended();
                }

                @Override
                public void refused(Refusal refusal) {
                    place.setErrorCode(KafkaErrors.of(refusal).code()).setErrorMessage(KafkaErrors.text(refusal));
                    ended();
                }
            });
        }

        /** What is about transactions stays unsaid, as there are none. */
        private static ProducerState state(ProducerStatus producer) {
            return new ProducerState()
                    .setProducerId(producer.producerId())
                    .setProducerEpoch(producer.epoch())
                    .setLastSequence(producer.lastSequence())
                    .setLastTimestamp(producer.lastMs())
                    .setCoordinatorEpoch(NO_COORDINATOR);
        }

        void ended() {
            if (--left == 0) {
                context.answer(response);
            }
        }
    }
}
