package dev.sluice.server;

import dev.sluice.broker.Death;
import dev.sluice.broker.PeekPage;
import dev.sluice.broker.PeekedRecord;
import dev.sluice.broker.QueueOverview;
import dev.sluice.broker.QueuePauses;
import dev.sluice.broker.QueueSettings;
import dev.sluice.broker.Story;
import dev.sluice.broker.StoryEvent;
import dev.sluice.broker.TransferProgress;
import dev.sluice.broker.TransferProgress.State;
import dev.sluice.broker.TransferRequest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** How {@code sluice queue} shows what a broker says, for people. {@link QueueJson} does it for programs. Stateless. */
final class QueueTexts {
    static final String JSON = "json";

    private QueueTexts() {}

    static String list(List<QueueOverview> queues, ControlArguments words) {
        if (words.has(JSON)) {
            return lines(queues.stream().map(QueueJson::queue).toList());
        }
        var rows = new ArrayList<List<String>>();
        rows.add(List.of("QUEUE", "READY", "IN FLIGHT", "HELD BACK", "CONSUMERS", "STATE"));
        for (QueueOverview queue : queues) {
            rows.add(List.of(
                    Printable.text(queue.spec().name()),
                    Long.toString(queue.statistics().ready()),
                    Long.toString(queue.statistics().unsettled()),
                    Long.toString(queue.statistics().held()),
                    Integer.toString(queue.consumers()),
                    state(queue)));
        }
        return table(rows);
    }

    static String settings(QueueSettings settings) {
        var chosen = new ArrayList<String>();
        settings.chosen().forEach((property, value) -> chosen.add(property.propertyName() + "=" + value));
        return chosen.isEmpty() ? "all settings are the defaults" : Printable.text(String.join(", ", chosen));
    }

    private static String state(QueueOverview queue) {
        var states = new ArrayList<String>();
        if (queue.unavailable() != null) {
            states.add("DAMAGED: " + queue.unavailable());
        }
        if (!queue.statistics().paused().equals(QueuePauses.NONE)) {
            states.add(pauses(queue.statistics().paused()));
        }
        TransferProgress transfer = queue.transfer();
        if (transfer != null && !transfer.state().isOver()) {
            states.add(transfer(transfer));
        }
        return String.join("; ", states);
    }

    /** The first column to the left, numbers to the right, and the last one as it is. */
    private static String table(List<List<String>> rows) {
        int columns = rows.getFirst().size();
        int[] widths = new int[columns];
        for (List<String> row : rows) {
            for (int i = 0; i < columns; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        var lines = new ArrayList<String>();
        for (List<String> row : rows) {
            var line = new StringBuilder();
            for (int i = 0; i < columns; i++) {
                String padding =
                        " ".repeat(i == columns - 1 ? 0 : widths[i] - row.get(i).length());
                line.append(i == 0 ? "" : "  ").append(i == 0 ? row.get(i) + padding : padding + row.get(i));
            }
            lines.add(line.toString().stripTrailing());
        }
        return String.join("\n", lines);
    }

    static String pauses(QueuePauses pauses) {
        if (pauses.publishing()) {
            return pauses.consuming() ? "publishing and consuming are paused" : "publishing is paused";
        }
        return pauses.consuming() ? "consuming is paused" : "nothing is paused";
    }

    static String page(PeekPage page, ControlArguments words) {
        if (words.has(JSON)) {
            return lines(page.records().stream().map(QueueJson::record).toList());
        }
        var lines = new ArrayList<String>();
        page.records().forEach(record -> addTo(lines, record));
        if (page.records().isEmpty()) {
            lines.add("no message of " + page.looked() + " that were looked at");
        }
        if (page.next() != null) {
            lines.add("there are more: go on with --from " + page.next());
        }
        return String.join("\n", lines);
    }

    static String story(Story story, ControlArguments words) {
        if (words.has(JSON)) {
            return lines(story.events().stream().map(QueueJson::event).toList());
        }
        var lines = new ArrayList<String>();
        story.events()
                .forEach(event -> lines.add(Instant.ofEpochMilli(event.timeMs()) + "  " + event.position() + "  "
                        + event.kind().words() + details(event)));
        if (story.events().isEmpty()) {
            lines.add("nothing is remembered of such a message");
        }
        if (!story.isWhole()) {
            lines.add("there is more: ask for less, or for more --events");
        }
        if (story.leftOut() > 0) {
            lines.add("some events may be missing: " + story.leftOut() + " were left out since the broker was started");
        }
        return String.join("\n", lines);
    }

    private static String details(StoryEvent event) {
        List<String> names = event.names().stream().map(Printable::text).toList();
        return switch (event.kind()) {
            case STORED ->
                ", exchange \"" + names.get(0) + "\", routing key \"" + names.get(1) + "\", key \"" + names.get(2)
                        + "\", id \"" + names.get(3) + "\"";
            case DELIVERED ->
                (event.consumer() == StoryEvent.BY_GET ? " by get" : " to consumer " + event.consumer())
                        + (event.deliveryCount() == 0 ? "" : ", came back " + times(event.deliveryCount()));
            case DEAD_LETTERED, MOVED, COPIED -> " to " + (names.isEmpty() ? "no queue" : String.join(", ", names));
            default -> "";
        };
    }

    private static void addTo(List<String> lines, PeekedRecord record) {
        String deliveries = record.deliveryCount() == 0 ? "" : ", came back " + times(record.deliveryCount());
        String ttl = record.ttlMs() == QueueSettings.UNLIMITED ? "" : ", may wait " + record.ttlMs() + " ms";
        lines.add(record.position() + "  " + word(record.state()) + deliveries + ttl + ", since "
                + Instant.ofEpochMilli(record.timestampMs()) + ", exchange \"" + Printable.text(record.exchange())
                + "\", routing key \"" + Printable.text(record.routingKey()) + "\"");
        byte[] key = record.key();
        if (key != null) {
            lines.add("    key: " + Printable.of(key));
        }
        record.headers().entrySet().stream()
                .sorted(java.util.Map.Entry.comparingByKey())
                .forEach(header -> lines.add(
                        "    header " + Printable.text(header.getKey()) + ": " + Printable.text(header.getValue())));
        for (Death death : record.deaths()) {
            lines.add("    died: " + death.reason().word() + " in " + Printable.text(death.queue()) + " "
                    + times(death.count()) + ", first at " + Instant.ofEpochMilli(death.timeMs()));
        }
        String part = record.body().length < record.bodyBytes() ? record.body().length + " of " : "";
        lines.add("    body, " + part + record.bodyBytes() + " bytes: " + Printable.of(record.body()));
    }

    private static String times(long count) {
        return count == 1 ? "once" : count + " times";
    }

    static String word(PeekedRecord.State state) {
        return state.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    /** The first line is for {@link #state(String)}. */
    static String purged(long records, ControlArguments words) {
        return State.DONE + "\n"
                + (words.has(JSON) ? new JsonObject().put("done", records).toString() : "dropped " + messages(records));
    }

    /** The first line is for {@link #state(String)}. */
    static String transfer(TransferProgress progress, ControlArguments words) {
        return progress.state() + "\n"
                + (words.has(JSON) ? QueueJson.transfer(progress).toString() : transfer(progress));
    }

    /** What the first line of an answer about a transfer says. */
    static State state(String answer) {
        return State.valueOf(answer.lines().findFirst().orElse(""));
    }

    static String withoutState(String answer) {
        return answer.substring(answer.indexOf('\n') + 1);
    }

    private static String transfer(TransferProgress progress) {
        var lines = new ArrayList<String>();
        String done = verb(progress.request(), progress.request().dryRun()) + messages(progress.done()) + " of "
                + progress.seen() + " that were looked at";
        lines.add(
                switch (progress.state()) {
                    case RUNNING -> "going on: " + done + " so far";
                    case WAITING -> "waiting and trying again: " + progress.reason() + "; " + done + " so far";
                    case DONE -> done;
                    case STOPPED -> "stopped: " + done;
                    case FAILED -> "failed: " + progress.reason() + "; " + done;
                });
        if (progress.left() > 0) {
            lines.add(messages(progress.left()) + " stay, since there is no queue for them");
        }
        progress.first().forEach(record -> addTo(lines, record));
        return String.join("\n", lines);
    }

    private static String verb(TransferRequest request, boolean isDry) {
        if (request.to() == null) {
            return isDry ? "would drop " : "dropped ";
        }
        if (request.copies()) {
            return isDry ? "would copy " : "copied ";
        }
        return isDry ? "would move " : "moved ";
    }

    private static String messages(long count) {
        return count == 1 ? "1 message" : count + " messages";
    }

    private static String lines(List<JsonObject> objects) {
        return String.join("\n", objects.stream().map(JsonObject::toString).toList());
    }
}
