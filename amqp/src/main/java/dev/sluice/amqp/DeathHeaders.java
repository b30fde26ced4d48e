package dev.sluice.amqp;

import dev.sluice.broker.Death;
import dev.sluice.broker.DeathHistory;
import dev.sluice.broker.QueueSettings;
import java.util.ArrayList;
import java.util.List;

/** Shows a dead letter's history as the headers that RabbitMQ adds. Stateless. */
final class DeathHeaders {
    private static final long MS_PER_SECOND = 1_000;

    private DeathHeaders() {}

    static void put(DeathHistory history, FieldTable.Builder headers) {
        List<FieldValue> deaths = new ArrayList<>();
        for (Death death : history.deaths()) {
            deaths.add(table(death));
        }
        headers.put("x-death", new FieldArray(deaths))
                .put("x-first-death-exchange", history.firstExchange())
                .put("x-first-death-queue", history.firstQueue())
                .put("x-first-death-reason", history.firstReason().word())
                .put("x-last-death-exchange", history.lastExchange())
                .put("x-last-death-queue", history.deaths().getFirst().queue())
                .put("x-last-death-reason", history.deaths().getFirst().reason().word());
    }

    private static FieldTable table(Death death) {
        FieldTable.Builder table = FieldTable.builder()
                .put("count", death.count())
                .put("reason", death.reason().word())
                .put("queue", death.queue())
                .put("time", new FieldValue.Timestamp(death.timeMs() / MS_PER_SECOND))
                .put("exchange", death.exchange())
                .put("routing-keys", new FieldArray(List.of(FieldValue.of(death.routingKey()))));
        if (death.ttlMs() != QueueSettings.UNLIMITED) {
            table.put("original-expiration", Long.toString(death.ttlMs()));
        }
        return table.build();
    }
}
