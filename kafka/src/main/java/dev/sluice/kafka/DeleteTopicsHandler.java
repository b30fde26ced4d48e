package dev.sluice.kafka;

import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.Outcome;
import dev.sluice.broker.Refusal;
import dev.sluice.broker.TopicHandle;
import java.util.List;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.DeleteTopicsRequestData;
import org.apache.kafka.common.message.DeleteTopicsRequestData.DeleteTopicState;
import org.apache.kafka.common.message.DeleteTopicsResponseData;
import org.apache.kafka.common.message.DeleteTopicsResponseData.DeletableTopicResult;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** Deletes topics, with their subscriptions, by name or id. Stateless. */
final class DeleteTopicsHandler implements RequestHandler<DeleteTopicsRequestData> {
    private static final short FIRST_WITH_IDS = 6;

    @Override
    public void handle(RequestContext context, DeleteTopicsRequestData request) {
        var response = new DeleteTopicsResponseData();
        var countdown = new Countdown(() -> context.answer(response));
        List<DeleteTopicState> wishes = context.version() >= FIRST_WITH_IDS
                ? request.topics()
                : request.topicNames().stream()
                        .map(name -> new DeleteTopicState().setName(name))
                        .toList();
        for (DeleteTopicState wish : wishes) {
            var place = new DeletableTopicResult().setName(wish.name()).setTopicId(wish.topicId());
            response.responses().mustAdd(place);
            countdown.expect();
            delete(context.broker(), wish, place, countdown);
        }
        countdown.ended();
    }

    private static void delete(
            BrokerShard broker, DeleteTopicState wish, DeletableTopicResult place, Countdown countdown) {
        boolean isById = wish.name() == null;
        TopicHandle topic = Topics.find(broker, wish.name(), wish.topicId());
        Errors error = problem(wish, isById, topic);
        if (error != null || topic == null) {
            fail(place, error, null);
            countdown.ended();
            return;
        }
        place.setName(topic.name()).setTopicId(Topics.id(topic));
        broker.deleteQueue(topic.name(), false, false, AdminChecks.NO_CONNECTION, outcome -> {
            if (outcome instanceof Outcome.Refused<Long>(Refusal refusal)) {
                fail(place, KafkaErrors.of(refusal), KafkaErrors.text(refusal));
            }
            countdown.ended();
        });
    }

    private static @Nullable Errors problem(DeleteTopicState wish, boolean isById, @Nullable TopicHandle topic) {
        if (!isById && !wish.topicId().equals(Uuid.ZERO_UUID)) {
            return Errors.INVALID_REQUEST;
        }
        if (topic == null) {
            return isById ? Errors.UNKNOWN_TOPIC_ID : Errors.UNKNOWN_TOPIC_OR_PARTITION;
        }
        return Topics.isInternal(topic.name()) ? Errors.INVALID_REQUEST : null;
    }

    private static void fail(DeletableTopicResult place, @Nullable Errors error, @Nullable String text) {
        Errors its = error == null ? Errors.UNKNOWN_SERVER_ERROR : error;
        place.setErrorCode(its.code()).setErrorMessage(text == null ? its.message() : text);
    }
}
