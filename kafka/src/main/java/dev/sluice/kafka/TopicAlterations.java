package dev.sluice.kafka;

import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.Outcome;
import dev.sluice.broker.QueueSettings;
import dev.sluice.broker.Refusal;
import dev.sluice.broker.TopicHandle;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** The changes of topics' configurations that one request wants, each of which is made or refused by itself. Confined to the shard of the request. */
final class TopicAlterations {
    private final KafkaSettings node;
    private final BrokerShard broker;
    private final boolean onlyCheck;
    private final Countdown countdown;

    /**
     * None yet.
     *
     * @param onlyCheck whether it is only to be found out what can be
     * @param whenDone runs when all are made or refused, and {@link #end} has said that there are no more
     */
    TopicAlterations(KafkaSettings node, BrokerShard broker, boolean onlyCheck, Runnable whenDone) {
        this.node = node;
        this.broker = broker;
        this.onlyCheck = onlyCheck;
        this.countdown = new Countdown(whenDone);
    }

    /**
     * Changes the resource.
     *
     * @param change throws {@link IllegalArgumentException} to refuse; runs on any thread
     * @param result hears of it once, here
     */
    void alter(
            byte resourceType,
            String name,
            UnaryOperator<TopicSettings> change,
            BiConsumer<Errors, @Nullable String> result) {
        countdown.expect();
        start(resourceType, name, change, result.andThen((error, text) -> countdown.ended()));
    }

    /** No more come. */
    void end() {
        countdown.ended();
    }

    private void start(
            byte resourceType,
            String name,
            UnaryOperator<TopicSettings> change,
            BiConsumer<Errors, @Nullable String> done) {
        UnaryOperator<QueueSettings> changed =
                settings -> change.apply(TopicSettings.of(settings, node)).in(settings);
        try {
            if (resourceType != ConfigResource.Type.TOPIC.id()) {
                throw new AdminError(
                        Errors.INVALID_REQUEST,
                        "Only topics can be configured while the node runs; its own configuration is read at its start.");
            }
            TopicHandle topic = AdminChecks.topic(broker, name);
            check(topic, changed);
        } catch (AdminError wrong) {
            done.accept(wrong.error(), wrong.getMessage());
            return;
        }
        if (onlyCheck) {
            done.accept(Errors.NONE, null);
            return;
        }
        broker.changeSettings(name, changed, AdminChecks.NO_CONNECTION, outcome -> {
            switch (outcome) {
                case Outcome.Done<QueueSettings> altered -> done.accept(Errors.NONE, null);
                case Outcome.Refused<QueueSettings>(Refusal refusal) ->
                    done.accept(
                            refusal.reason() == Refusal.Reason.INVALID
                                    ? Errors.INVALID_CONFIG
                                    : KafkaErrors.of(refusal),
                            KafkaErrors.text(refusal));
            }
        });
    }

    private static void check(TopicHandle topic, UnaryOperator<QueueSettings> change) {
        try {
            String problem =
                    topic.spec().problemOfChange(change.apply(topic.spec().settings()));
            if (problem != null) {
                throw new AdminError(Errors.INVALID_CONFIG, problem);
            }
        } catch (IllegalArgumentException wrong) {
            throw new AdminError(Errors.INVALID_CONFIG, wrong.getMessage());
        }
    }
}
