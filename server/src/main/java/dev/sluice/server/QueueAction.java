package dev.sluice.server;

import java.util.ArrayList;
import java.util.List;

/** What {@code sluice queue} can do. */
enum QueueAction {
    LIST("list", "Lists the queues, with what is in them, who consumes and what is paused.", none(), QueueOption.JSON),
    PEEK(
            "peek",
            "Shows messages of a queue without taking them: whatever is stored, whether it is ready, with a consumer or held back. Consumers do not notice.",
            (words, nowMs) -> QueueRequests.peek(words, nowMs),
            QueueOption.COUNT,
            QueueOption.FROM,
            QueueOption.BODY,
            QueueOption.JSON),
    STORY(
            "story",
            "Tells what happened to messages of a queue with x-story, whether they are still there or not: all that have an id or a key, or the one at a position.",
            (words, nowMs) -> QueueRequests.story(words),
            QueueOption.ID,
            QueueOption.KEY,
            QueueOption.OFFSET,
            QueueOption.EVENTS,
            QueueOption.JSON),
    PAUSE(
            "pause",
            "Pauses a queue until it is resumed, also across restarts. While consuming is paused nobody gets a message; what consumers have they can acknowledge. While publishing is paused publishers are refused, and dead letters wait.",
            none(),
            QueueOption.PUBLISHING,
            QueueOption.CONSUMING),
    RESUME("resume", "Lets a queue go on that was paused.", none(), QueueOption.PUBLISHING, QueueOption.CONSUMING),
    SET(
            "set",
            "Changes settings of a queue or topic that is in use, for good: each is the name of an AMQP argument without x-, as in max-length=1000. Without a value, as in max-length=, the default holds again. Shows all that are not the default.",
            (words, nowMs) -> QueueRequests.settings(words)),
    PURGE(
            "purge",
            "Drops messages that no consumer has; all of them, unless something is said about which.",
            (words, nowMs) -> QueueRequests.purge(words, nowMs)),
    MOVE(
            "move",
            "Moves messages that are ready to another queue, or publishes them to an exchange. Each is in the one place or in the other, also after a crash. What is full is waited for.",
            (words, nowMs) -> QueueRequests.move(words, nowMs),
            QueueOption.TO,
            QueueOption.TO_EXCHANGE,
            QueueOption.TO_KEY),
    COPY(
            "copy",
            "Copies messages that are ready to another queue, or to an exchange, and leaves them where they are.",
            (words, nowMs) -> QueueRequests.copy(words, nowMs),
            QueueOption.TO,
            QueueOption.TO_EXCHANGE,
            QueueOption.TO_KEY),
    REDRIVE(
            "redrive",
            "Moves dead letters back to the queue in which they died last, as they had come there. Their deliveries are counted anew.",
            (words, nowMs) -> QueueRequests.redrive(words, nowMs),
            QueueOption.DEATH,
            QueueOption.REPUBLISH),
    PROGRESS("progress", "Says how far moving, copying, redriving or purging has come.", none(), QueueOption.JSON),
    STOP("stop", "Stops moving, copying, redriving or purging. What was not moved stays.", none());

    private static final List<QueueOption> FILTER = List.of(
            QueueOption.HEADER,
            QueueOption.HAS_HEADER,
            QueueOption.KEY,
            QueueOption.ROUTING_KEY,
            QueueOption.DEATH_REASON,
            QueueOption.DEATH_QUEUE,
            QueueOption.OLDER_THAN,
            QueueOption.NEWER_THAN);
    private static final List<QueueOption> MEASURE =
            List.of(QueueOption.MAX, QueueOption.RATE, QueueOption.DRY_RUN, QueueOption.BACKGROUND, QueueOption.JSON);

    private final String word;
    private final String description;

    @SuppressWarnings("ImmutableEnumChecker") // it has no state
    private final Check check;

    @SuppressWarnings("ImmutableEnumChecker") // nobody changes it
    private final List<QueueOption> options;

    /** Makes the request that the words are for. */
    private interface Check {
        Object request(ControlArguments words, long nowMs);
    }

    QueueAction(String word, String description, Check check, QueueOption... options) {
        this.word = word;
        this.description = description;
        this.check = check;
        this.options = List.of(options);
    }

    private static Check none() {
        return (words, nowMs) -> words;
    }

    String word() {
        return word;
    }

    String description() {
        return description;
    }

    /** On the control socket. */
    String command() {
        return "queue " + word;
    }

    /** Whether it begins something that goes on in the broker. */
    boolean isTransfer() {
        return switch (this) {
            case PURGE, MOVE, COPY, REDRIVE -> true;
            case LIST, PEEK, STORY, PAUSE, RESUME, SET, PROGRESS, STOP -> false;
        };
    }

    List<QueueOption> options() {
        var all = new ArrayList<>(options);
        if (isTransfer() || this == PEEK) {
            all.addAll(FILTER);
        }
        if (isTransfer()) {
            all.addAll(MEASURE);
        }
        return all;
    }

    /** @throws IllegalArgumentException with what is wrong with the words */
    void check(ControlArguments words) {
        Object _ = check.request(words, 0);
    }
}
