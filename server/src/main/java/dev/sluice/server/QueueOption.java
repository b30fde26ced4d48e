package dev.sluice.server;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** An option of {@code sluice queue}: each is told to the broker under its own name. */
enum QueueOption {
    JSON(QueueTexts.JSON, null, "Prints one JSON object a line."),
    COUNT(
            QueueRequests.COUNT,
            "N",
            "How many messages, up to 1000. Default: " + QueueRequests.DEFAULT_COUNT
                    + ". A page of large ones ends earlier."),
    FROM(
            QueueRequests.FROM,
            "POSITION",
            "Begins there, such as 4711, or 5:4711 for priority 5: the first column says it."),
    BODY(
            QueueRequests.BODY,
            "BYTES",
            "How much of each body is shown, up to 1 MiB. Default: " + QueueRequests.DEFAULT_BODY_BYTES + "."),
    PUBLISHING(QueueRequests.PUBLISHING, null, "Only publishing. Without this and --consuming: both."),
    CONSUMING(QueueRequests.CONSUMING, null, "Only consuming."),
    TO(
            QueueRequests.TO,
            "QUEUE",
            "The queue that gets them. They keep the routing key with which they were published."),
    TO_EXCHANGE(QueueRequests.TO_EXCHANGE, "EXCHANGE", "The exchange to which they are published, instead of --to."),
    TO_KEY(QueueRequests.TO_KEY, "KEY", "The routing key for --to-exchange. Default: that of each message."),
    DEATH(QueueRequests.DEATH, "first|last", "Which death says where a message goes. Default: last."),
    REPUBLISH(
            QueueRequests.REPUBLISH,
            null,
            "Publishes them to the exchange they came from, with the routing key of then, instead of bringing them to the queue in which they died."),
    HEADER(QueueRequests.HEADER, "NAME=VALUE", "Only messages with this header; may be given more than once."),
    HAS_HEADER(QueueRequests.HAS_HEADER, "NAME", "Only messages that have the header; may be given more than once."),
    KEY(QueueRequests.KEY, "KEY", "Only messages with this key."),
    ROUTING_KEY(QueueRequests.ROUTING_KEY, "KEY", "Only messages published with this routing key."),
    DEATH_REASON(
            QueueRequests.DEATH_REASON,
            "REASON",
            "Only messages that died for this reason: rejected, expired, maxlen or delivery_limit."),
    DEATH_QUEUE(QueueRequests.DEATH_QUEUE, "QUEUE", "Only messages that died in this queue."),
    OLDER_THAN(
            QueueRequests.OLDER_THAN,
            "AGE",
            "Only messages that came into the queue longer ago, such as 90s, 30min, 2h, 7d."),
    NEWER_THAN(QueueRequests.NEWER_THAN, "AGE", "Only messages that came into the queue less long ago."),
    MAX(QueueRequests.MAX, "N", "So many messages at the most."),
    RATE(QueueRequests.RATE, "N", "So many messages a second at the most. Default: as fast as it goes."),
    DRY_RUN(QueueRequests.DRY_RUN, null, "Changes nothing: counts them and shows the first."),
    BACKGROUND("background", null, "Comes back at once; 'sluice queue progress' says how far it has come.");

    private final String word;
    private final @Nullable String label;
    private final String description;

    /** {@code label}: null for an option without a value. */
    QueueOption(String word, @Nullable String label, String description) {
        this.word = word;
        this.label = label;
        this.description = description;
    }

    private String flag() {
        return "--" + word;
    }

    boolean isIn(ParseResult parsed) {
        return parsed.hasMatchedOption(flag());
    }

    OptionSpec spec() {
        OptionSpec.Builder builder = OptionSpec.builder(flag()).description(description);
        return label == null
                ? builder.type(boolean.class).arity("0").build()
                : builder.type(String[].class).arity("1").paramLabel(label).build();
    }

    /** Adds what the user said. */
    void addTo(ControlArguments arguments, ParseResult parsed) {
        if (!isIn(parsed)) {
            return;
        }
        if (label == null) {
            arguments.add(word, "");
            return;
        }
        for (String value : parsed.matchedOption(flag()).originalStringValues()) {
            arguments.add(word, value);
        }
    }
}
