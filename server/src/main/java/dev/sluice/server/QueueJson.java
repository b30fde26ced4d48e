package dev.sluice.server;

import dev.sluice.broker.Death;
import dev.sluice.broker.PeekedRecord;
import dev.sluice.broker.QueueOverview;
import dev.sluice.broker.QueueSettings;
import dev.sluice.broker.QueueStatistics;
import dev.sluice.broker.StoryEvent;
import dev.sluice.broker.TransferProgress;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What {@code sluice queue --json} prints. Stateless. */
final class QueueJson {
    private QueueJson() {}

    static JsonObject queue(QueueOverview queue) {
        QueueStatistics statistics = queue.statistics();
        var object = new JsonObject()
                .put("queue", queue.spec().name())
                .put("durable", queue.spec().durable())
                .put("ready", statistics.ready())
                .put("inFlight", statistics.unsettled())
                .put("heldBack", statistics.held())
                .put("consumers", queue.consumers())
                .put("publishingPaused", statistics.paused().publishing())
                .put("consumingPaused", statistics.paused().consuming())
                .put("published", statistics.published())
                .put("delivered", statistics.delivered())
                .put("redelivered", statistics.redelivered())
                .put("acknowledged", statistics.acknowledged())
                .put("rejected", statistics.rejected())
                .put("expired", statistics.expired())
                .put("leasesOver", statistics.leasesOver())
                .put("deliveryLimitExceeded", statistics.deliveryLimitExceeded())
                .put("droppedAtLimit", statistics.droppedAtLimit())
                .put("refusedAtLimit", statistics.refusedAtLimit())
                .put("refusedWhilePaused", statistics.refusedWhilePaused())
                .put("duplicates", statistics.duplicates())
                .put("purged", statistics.purged())
                .put("moved", statistics.moved())
                .put("superseded", statistics.superseded())
                .put("damaged", statistics.damaged())
                .put("deadLettered", statistics.deadLettered())
                .put("deadLettersDropped", statistics.deadLettersDropped())
                .put("parked", statistics.parked())
                .put("unavailable", queue.unavailable());
        statistics.limitInMs().ifPresent(limitInMs -> object.put("limitInMs", limitInMs));
        TransferProgress transfer = queue.transfer();
        return transfer == null ? object : object.put("transfer", transfer(transfer));
    }

    static JsonObject record(PeekedRecord record) {
        var object = new JsonObject()
                .put("position", record.position().toString())
                .put("state", QueueTexts.word(record.state()))
                .put("exchange", record.exchange())
                .put("routingKey", record.routingKey())
                .put("time", Instant.ofEpochMilli(record.timestampMs()).toString())
                .put("deliveryCount", record.deliveryCount())
                .put("redelivered", record.redelivered());
        if (record.ttlMs() != QueueSettings.UNLIMITED) {
            object.put("ttlMs", record.ttlMs());
        }
        putBytes(object, "key", record.key());
        object.put("headers", record.headers());
        object.put("deaths", record.deaths().stream().map(QueueJson::death).toList());
        object.put("bodyBytes", record.bodyBytes());
        putBytes(object, "body", record.body());
        return object;
    }

    static JsonObject event(StoryEvent event) {
        List<String> names = event.names();
        var object = new JsonObject()
                .put("time", Instant.ofEpochMilli(event.timeMs()).toString())
                .put("position", event.position().toString())
                .put("event", event.kind().name().toLowerCase(Locale.ROOT));
        return switch (event.kind()) {
            case STORED ->
                object.put("exchange", names.get(0))
                        .put("routingKey", names.get(1))
                        .put("key", names.get(2))
                        .put("id", names.get(3));
            case DELIVERED -> object.put("consumer", event.consumer()).put("deliveryCount", event.deliveryCount());
            case DEAD_LETTERED, MOVED, COPIED ->
                object.put(
                        "queues",
                        names.stream()
                                .map(name -> new JsonObject().put("queue", name))
                                .toList());
            default -> object;
        };
    }

    /** Text as such; what is no text in Base64, under another name. */
    private static void putBytes(JsonObject object, String name, byte @Nullable [] bytes) {
        if (bytes == null) {
            return;
        }
        String text = Printable.utf8(bytes);
        if (text != null) {
            object.put(name, text);
        } else {
            object.put(name + "Base64", Base64.getEncoder().encodeToString(bytes));
        }
    }

    private static JsonObject death(Death death) {
        return new JsonObject()
                .put("queue", death.queue())
                .put("reason", death.reason().word())
                .put("exchange", death.exchange())
                .put("routingKey", death.routingKey())
                .put("count", death.count())
                .put("firstTime", Instant.ofEpochMilli(death.timeMs()).toString());
    }

    static JsonObject transfer(TransferProgress progress) {
        var object = new JsonObject()
                .put("queue", progress.queue())
                .put("state", progress.state().name())
                .put("reason", progress.reason().isEmpty() ? null : progress.reason())
                .put("dryRun", progress.request().dryRun())
                .put("seen", progress.seen())
                .put("done", progress.done())
                .put("left", progress.left())
                .put("refused", progress.refused())
                .put("started", Instant.ofEpochMilli(progress.startedMs()).toString());
        if (progress.endedMs() != 0) {
            object.put("ended", Instant.ofEpochMilli(progress.endedMs()).toString());
        }
        return progress.first().isEmpty()
                ? object
                : object.put(
                        "first",
                        progress.first().stream().map(QueueJson::record).toList());
    }
}
