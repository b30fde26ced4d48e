package dev.sluice.broker;

import dev.sluice.broker.TransferTarget.BackToExchange;
import dev.sluice.broker.TransferTarget.BackToQueue;
import dev.sluice.broker.TransferTarget.ToExchange;
import dev.sluice.broker.TransferTarget.ToQueue;
import dev.sluice.broker.TransferTarget.WhichDeath;
import dev.sluice.log.RecordCursor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which queues get a record that is moved or copied, and what the record says of its way. Confined to the shard of the queue that it leaves. */
final class TransferRoutes {
    private final BrokerShard shard;
    private final TransferTarget target;

    TransferRoutes(BrokerShard shard, TransferTarget target) {
        this.shard = shard;
        this.target = target;
    }

    /**
     * Where one record goes.
     *
     * @param queues none if there is no queue for it
     * @param history null if it never died
     */
    record Way(
            List<Queue> queues,
            String exchange,
            String routingKey,
            @Nullable DeathHistory history) {}

    /** Why no record could go on from the queue; null if some may. */
    @Nullable
    Refusal refusal(Queue from) {
        return switch (target) {
            case ToQueue(String name) -> {
                Queue found = shard.topology().queue(name);
                if (found == null) {
                    yield new Refusal(Refusal.Reason.QUEUE_NOT_FOUND, name);
                }
                String topic = found.spec().topic();
                if (topic != null) {
                    yield new Refusal(Refusal.Reason.INVALID, name, "it reads the topic " + topic + ": name that");
                }
                yield name.equals(from.name())
                        ? new Refusal(Refusal.Reason.INVALID, name, "records cannot go to the queue that they are in")
                        : null;
            }
            case ToExchange(String name, String _) ->
                name.isEmpty() || shard.topology().exchange(name) != null
                        ? null
                        : new Refusal(Refusal.Reason.EXCHANGE_NOT_FOUND, name);
            case BackToQueue back -> null;
            case BackToExchange back -> null;
        };
    }

    Way of(RecordCursor record, Queue from) {
        RouteHeader.Place place = RouteHeader.of(record).or(from.spec().address());
        DeathHistory history = DeathHistory.of(record);
        return switch (target) {
            case ToQueue(String name) -> new Way(queue(name), place.exchange(), place.routingKey(), history);
            case ToExchange(String name, String key) ->
                through(name, key == null ? place.routingKey() : key, record, history);
            case BackToQueue(WhichDeath which) -> {
                if (history == null) {
                    yield new Way(List.of(), "", "", null);
                }
                Death death = death(history, which);
                List<Queue> back = queue(death.queue()).stream()
                        .filter(queue -> !queue.spec().isTopic())
                        .toList();
                yield new Way(back, death.exchange(), death.routingKey(), history.redriven());
            }
            case BackToExchange(WhichDeath which) -> {
                if (history == null) {
                    yield new Way(List.of(), "", "", null);
                }
                Death death = death(history, which);
                yield through(death.exchange(), death.routingKey(), record, history.redriven());
            }
        };
    }

    private static Death death(DeathHistory history, WhichDeath which) {
        return switch (which) {
            case FIRST -> history.first();
            case LAST -> history.last();
        };
    }

    /** A subscription has only what its topic has. What died in a topic is there still, for all who read it: nothing is brought back to one either. */
    private List<Queue> queue(String name) {
        Queue found = shard.topology().queue(name);
        return found == null || found.spec().topic() != null ? List.of() : List.of(found);
    }

    private Way through(String exchange, String routingKey, RecordCursor record, @Nullable DeathHistory history) {
        Route route = shard.deadLetterRoute(exchange, routingKey, () -> RecordRewrite.texts(record));
        var queues = new ArrayList<Queue>(route.queueCount());
        for (Inlet inlet : route.inlets()) {
            queues.add(inlet.queue());
        }
        return new Way(queues, exchange, routingKey, history);
    }
}
