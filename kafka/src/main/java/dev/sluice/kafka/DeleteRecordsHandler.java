package dev.sluice.kafka;

import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.Outcome;
import dev.sluice.broker.Refusal;
import dev.sluice.broker.TopicHandle;
import org.apache.kafka.common.message.DeleteRecordsRequestData;
import org.apache.kafka.common.message.DeleteRecordsRequestData.DeleteRecordsPartition;
import org.apache.kafka.common.message.DeleteRecordsRequestData.DeleteRecordsTopic;
import org.apache.kafka.common.message.DeleteRecordsResponseData;
import org.apache.kafka.common.message.DeleteRecordsResponseData.DeleteRecordsPartitionResult;
import org.apache.kafka.common.message.DeleteRecordsResponseData.DeleteRecordsTopicResult;
import org.apache.kafka.common.protocol.Errors;

/** Gives up records of topics below an offset; {@link BrokerShard#ALL_RECORDS} is Kafka's number for the end, too. Stateless. */
final class DeleteRecordsHandler implements RequestHandler<DeleteRecordsRequestData> {
    private static final long NO_OFFSET = -1;

    private final KafkaSettings node;

    DeleteRecordsHandler(KafkaSettings node) {
        this.node = node;
    }

    @Override
    public void handle(RequestContext context, DeleteRecordsRequestData request) {
        var response = new DeleteRecordsResponseData();
        var countdown = new Countdown(() -> context.answer(response));
        for (DeleteRecordsTopic topic : request.topics()) {
            var result = new DeleteRecordsTopicResult().setName(topic.name());
            response.topics().mustAdd(result);
            Errors problem = problem(context.broker(), topic.name());
            for (DeleteRecordsPartition partition : topic.partitions()) {
                var place = new DeleteRecordsPartitionResult()
                        .setPartitionIndex(partition.partitionIndex())
                        .setLowWatermark(NO_OFFSET)
                        .setErrorCode(problem.code());
                result.partitions().mustAdd(place);
                if (problem == Errors.NONE) {
                    countdown.expect();
                    delete(context.broker(), topic.name(), partition, place, countdown);
                }
            }
        }
        countdown.ended();
    }

    private Errors problem(BrokerShard broker, String name) {
        try {
            TopicHandle topic = AdminChecks.topic(broker, name);
            return TopicSettings.of(topic.spec().settings(), node).onlyCompacts()
                    ? Errors.POLICY_VIOLATION
                    : Errors.NONE;
        } catch (AdminError wrong) {
            return wrong.error();
        }
    }

    private static void delete(
            BrokerShard broker,
            String topic,
            DeleteRecordsPartition partition,
            DeleteRecordsPartitionResult place,
            Countdown countdown) {
        broker.deleteRecords(
                topic, partition.partitionIndex(), partition.offset(), AdminChecks.NO_CONNECTION, outcome -> {
                    switch (outcome) {
                        case Outcome.Done<Long>(Long start) -> place.setLowWatermark(start);
                        case Outcome.Refused<Long>(Refusal refusal) ->
                            place.setErrorCode(KafkaErrors.of(refusal).code());
                    }
                    countdown.ended();
                });
    }
}
