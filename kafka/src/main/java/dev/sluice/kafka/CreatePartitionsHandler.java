package dev.sluice.kafka;

import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.Outcome;
import dev.sluice.broker.Refusal;
import java.util.List;
import org.apache.kafka.common.message.CreatePartitionsRequestData;
import org.apache.kafka.common.message.CreatePartitionsRequestData.CreatePartitionsAssignment;
import org.apache.kafka.common.message.CreatePartitionsRequestData.CreatePartitionsTopic;
import org.apache.kafka.common.message.CreatePartitionsResponseData;
import org.apache.kafka.common.message.CreatePartitionsResponseData.CreatePartitionsTopicResult;
import org.apache.kafka.common.protocol.Errors;

/** Gives topics more partitions; each of them keeps its limit of bytes. Stateless. */
final class CreatePartitionsHandler implements RequestHandler<CreatePartitionsRequestData> {
    @Override
    public void handle(RequestContext context, CreatePartitionsRequestData request) {
        var response = new CreatePartitionsResponseData();
        var countdown = new Countdown(() -> context.answer(response));
        for (CreatePartitionsTopic wish : request.topics()) {
            var place = new CreatePartitionsTopicResult().setName(wish.name());
            response.results().add(place);
            countdown.expect();
            add(context.broker(), wish, request.validateOnly(), place, countdown);
        }
        countdown.ended();
    }

    private static void add(
            BrokerShard broker,
            CreatePartitionsTopic wish,
            boolean onlyCheck,
            CreatePartitionsTopicResult place,
            Countdown countdown) {
        try {
            check(broker, wish);
        } catch (AdminError wrong) {
            place.setErrorCode(wrong.error().code()).setErrorMessage(wrong.getMessage());
            countdown.ended();
            return;
        }
        if (onlyCheck) {
            countdown.ended();
            return;
        }
        broker.addPartitions(
                wish.name(),
                wish.count(),
                settings -> TopicSettings.forPartitions(settings, wish.count()),
                AdminChecks.NO_CONNECTION,
                outcome -> {
                    if (outcome instanceof Outcome.Refused<Integer>(Refusal refusal)) {
                        Errors error = refusal.reason() == Refusal.Reason.INVALID
                                ? Errors.INVALID_PARTITIONS
                                : KafkaErrors.of(refusal);
                        place.setErrorCode(error.code()).setErrorMessage(KafkaErrors.text(refusal));
                    }
                    countdown.ended();
                });
    }

    private static void check(BrokerShard broker, CreatePartitionsTopic wish) {
        int present = AdminChecks.topic(broker, wish.name()).partitionCount();
        if (wish.count() <= present || wish.count() > AdminChecks.MOST_PARTITIONS) {
            throw new AdminError(
                    Errors.INVALID_PARTITIONS,
                    "Topic '" + wish.name() + "' has " + present + " partitions; there can be more, up to "
                            + AdminChecks.MOST_PARTITIONS + ", but not " + wish.count() + ".");
        }
        List<CreatePartitionsAssignment> assignments = wish.assignments();
        if (assignments == null) {
            return;
        }
        if (assignments.size() != wish.count() - present) {
            throw new AdminError(
                    Errors.INVALID_REPLICA_ASSIGNMENT,
                    "There are " + (wish.count() - present) + " new partitions, and " + assignments.size()
                            + " assignments.");
        }
        for (int i = 0; i < assignments.size(); i++) {
            AdminChecks.replicas(present + i, assignments.get(i).brokerIds());
        }
    }
}
