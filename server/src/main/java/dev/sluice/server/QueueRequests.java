package dev.sluice.server;

import dev.sluice.broker.DeathReason;
import dev.sluice.broker.PeekRequest;
import dev.sluice.broker.QueuePauses;
import dev.sluice.broker.QueueProperty;
import dev.sluice.broker.QueueSettings;
import dev.sluice.broker.RecordFilter;
import dev.sluice.broker.RecordPosition;
import dev.sluice.broker.StoryQuery;
import dev.sluice.broker.TransferRequest;
import dev.sluice.broker.TransferTarget;
import dev.sluice.broker.TransferTarget.BackToExchange;
import dev.sluice.broker.TransferTarget.BackToQueue;
import dev.sluice.broker.TransferTarget.ToExchange;
import dev.sluice.broker.TransferTarget.ToQueue;
import dev.sluice.broker.TransferTarget.WhichDeath;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What {@code sluice queue} asks of a broker, made of the words that it was called with. The command makes it to find what is wrong with them, the broker to do it. Stateless; {@link IllegalArgumentException} says what was wrong and what was expected.
 */
final class QueueRequests {
    /** Names the queue. */
    static final String QUEUE = "queue";

    /** Names and values of the queue's settings. */
    static final String SETTING = "setting";

    static final String TO = "to";
    static final String TO_EXCHANGE = "to-exchange";
    static final String TO_KEY = "to-key";
    static final String DEATH = "death";
    static final String REPUBLISH = "republish";
    static final String HEADER = "header";
    static final String HAS_HEADER = "has-header";
    static final String KEY = "key";
    static final String ROUTING_KEY = "routing-key";
    static final String DEATH_REASON = "death-reason";
    static final String DEATH_QUEUE = "death-queue";
    static final String OLDER_THAN = "older-than";
    static final String NEWER_THAN = "newer-than";
    static final String MAX = "max";
    static final String RATE = "rate";
    static final String DRY_RUN = "dry-run";
    static final String COUNT = "count";
    static final String FROM = "from";
    static final String BODY = "body";
    static final String ID = "id";
    static final String OFFSET = "offset";
    static final String EVENTS = "events";
    static final String PUBLISHING = "publishing";
    static final String CONSUMING = "consuming";

    static final int DEFAULT_COUNT = 10;
    static final int DEFAULT_EVENTS = 100;
    static final int DEFAULT_BODY_BYTES = 200;

    private static final Pattern WHOLE = Pattern.compile("-?[0-9]{1,18}");
    private static final Set<String> BOOLEANS = Set.of("true", "false");
    private static final Pattern AGE = Pattern.compile("(\\d{1,9})(s|min|h|d)");
    private static final Map<String, Long> UNIT_MS =
            Map.of("s", 1_000L, "min", 60_000L, "h", 3_600_000L, "d", 86_400_000L);

    private QueueRequests() {}

    static PeekRequest peek(ControlArguments words, long nowMs) {
        String from = words.get(FROM);
        return new PeekRequest(
                from == null ? null : RecordPosition.parse(from),
                (int) number(words, COUNT, DEFAULT_COUNT, PeekRequest.MOST_RECORDS),
                filter(words, nowMs),
                (int) number(words, BODY, DEFAULT_BODY_BYTES, PeekRequest.MOST_BODY_BYTES));
    }

    static StoryQuery story(ControlArguments words) {
        String offset = words.get(OFFSET);
        if ((words.has(ID) ? 1 : 0) + (words.has(KEY) ? 1 : 0) + (offset == null ? 0 : 1) != 1) {
            throw new IllegalArgumentException("one of --id, --key and --offset is needed");
        }
        return new StoryQuery(words.get(ID), words.get(KEY), offset == null ? null : RecordPosition.parse(offset), (int)
                number(words, EVENTS, DEFAULT_EVENTS, StoryQuery.MOST_EVENTS));
    }

    /** Both, if neither is named. */
    static QueuePauses pauses(ControlArguments words) {
        boolean publishing = words.has(PUBLISHING);
        boolean consuming = words.has(CONSUMING);
        return publishing || consuming ? new QueuePauses(publishing, consuming) : QueuePauses.BOTH;
    }

    /** From the present settings of a queue to those that are wanted. */
    static UnaryOperator<QueueSettings> settings(ControlArguments words) {
        UnaryOperator<QueueSettings> all = UnaryOperator.identity();
        for (String assignment : words.all(SETTING)) {
            int at = assignment.indexOf('=');
            QueueProperty property = at < 0 ? null : QueueProperty.named(assignment.substring(0, at));
            if (property == null) {
                throw new IllegalArgumentException(
                        "a setting and its value, such as max-length=1000, were expected, found \"" + assignment
                                + "\"");
            }
            UnaryOperator<QueueSettings> before = all;
            UnaryOperator<QueueSettings> change = setting(property, assignment.substring(at + 1));
            all = settings -> change.apply(before.apply(settings));
        }
        return all;
    }

    private static UnaryOperator<QueueSettings> setting(QueueProperty property, String text) {
        if (text.isEmpty()) {
            return settings -> settings.without(property);
        }
        Object value = switch (property.kind()) {
            case QueueProperty.Kind.Flag flag when BOOLEANS.contains(text) -> Boolean.valueOf(text);
            case QueueProperty.Kind.Whole whole when WHOLE.matcher(text).matches() -> Long.valueOf(text);
            default -> text;
        };
        QueueSettings _ = QueueSettings.DEFAULT.with(property, value); // which says what is wrong with it
        return settings -> settings.with(property, value);
    }

    static TransferRequest move(ControlArguments words, long nowMs) {
        return limited(TransferRequest.move(target(words)), words, nowMs);
    }

    static TransferRequest copy(ControlArguments words, long nowMs) {
        return limited(TransferRequest.copy(target(words)), words, nowMs);
    }

    static TransferRequest redrive(ControlArguments words, long nowMs) {
        WhichDeath death = which(words.get(DEATH, "last"));
        TransferTarget back = words.has(REPUBLISH) ? new BackToExchange(death) : new BackToQueue(death);
        return limited(TransferRequest.move(back), words, nowMs);
    }

    static TransferRequest purge(ControlArguments words, long nowMs) {
        return limited(TransferRequest.purge(), words, nowMs);
    }

    private static WhichDeath which(String word) {
        return switch (word) {
            case "first" -> WhichDeath.FIRST;
            case "last" -> WhichDeath.LAST;
            default -> throw wrong(DEATH, "first or last", word);
        };
    }

    private static TransferTarget target(ControlArguments words) {
        String queue = words.get(TO);
        String exchange = words.get(TO_EXCHANGE);
        if ((queue == null) == (exchange == null)) {
            throw new IllegalArgumentException("either --to with a queue or --to-exchange with an exchange is needed");
        }
        if (exchange != null) {
            return new ToExchange(exchange, words.get(TO_KEY));
        }
        if (words.has(TO_KEY)) {
            throw new IllegalArgumentException("--to-key goes with --to-exchange only");
        }
        return new ToQueue(queue == null ? "" : queue);
    }

    private static TransferRequest limited(TransferRequest request, ControlArguments words, long nowMs) {
        TransferRequest limited = request.matching(filter(words, nowMs))
                .atMost(number(words, MAX, Long.MAX_VALUE, Long.MAX_VALUE))
                .perSecond(rate(words));
        return words.has(DRY_RUN) ? limited.asDryRun() : limited;
    }

    private static RecordFilter filter(ControlArguments words, long nowMs) {
        RecordFilter filter = RecordFilter.ALL;
        for (String header : words.all(HEADER)) {
            int at = header.indexOf('=');
            if (at < 1) {
                throw wrong(HEADER, "NAME=VALUE", header);
            }
            filter = filter.withHeader(header.substring(0, at), header.substring(at + 1));
        }
        for (String name : words.all(HAS_HEADER)) {
            filter = filter.withHeaderPresent(name);
        }
        for (String key : words.all(KEY)) {
            filter = filter.withKey(key);
        }
        for (String key : words.all(ROUTING_KEY)) {
            filter = filter.withRoutingKey(key);
        }
        for (String reason : words.all(DEATH_REASON)) {
            filter = filter.withDeathReason(reason(reason));
        }
        for (String queue : words.all(DEATH_QUEUE)) {
            filter = filter.withDeathQueue(queue);
        }
        for (String age : words.all(OLDER_THAN)) {
            filter = filter.before(nowMs - ageMs(OLDER_THAN, age));
        }
        for (String age : words.all(NEWER_THAN)) {
            filter = filter.from(nowMs - ageMs(NEWER_THAN, age));
        }
        return filter;
    }

    private static DeathReason reason(String word) {
        for (DeathReason reason : DeathReason.values()) {
            if (reason.word().equals(word)) {
                return reason;
            }
        }
        throw wrong(
                DEATH_REASON,
                "one of "
                        + Arrays.stream(DeathReason.values())
                                .map(DeathReason::word)
                                .collect(Collectors.joining(", ")),
                word);
    }

    private static long ageMs(String name, String text) {
        Matcher age = AGE.matcher(text);
        if (!age.matches()) {
            throw wrong(name, "a number and s, min, h or d, such as 90s or 2h,", text);
        }
        return Long.parseLong(age.group(1)) * UNIT_MS.getOrDefault(age.group(2), 0L);
    }

    private static long number(ControlArguments words, String name, long otherwise, long most) {
        String text = words.get(name);
        if (text == null) {
            return otherwise;
        }
        String expected = most == Long.MAX_VALUE ? "a whole number" : "a whole number up to " + most;
        try {
            long number = Long.parseLong(text);
            if (number >= 0 && number <= most) {
                return number;
            }
        } catch (NumberFormatException noNumber) {
            throw wrong(name, expected, text);
        }
        throw wrong(name, expected, text);
    }

    private static double rate(ControlArguments words) {
        String text = words.get(RATE);
        if (text == null) {
            return 0;
        }
        try {
            double rate = Double.parseDouble(text);
            if (rate > 0 && rate < Double.POSITIVE_INFINITY) {
                return rate;
            }
        } catch (NumberFormatException noNumber) {
            throw wrong(RATE, "a number above 0", text);
        }
        throw wrong(RATE, "a number above 0", text);
    }

    private static IllegalArgumentException wrong(String name, String expected, String found) {
        return new IllegalArgumentException("--" + name + ": " + expected + " was expected, found \"" + found + "\"");
    }
}
