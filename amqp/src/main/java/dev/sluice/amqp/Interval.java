package dev.sluice.amqp;

import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A length of time as RabbitMQ writes it for its streams: a number and its unit, as {@code 7D} or {@code 5m}. Stateless. */
final class Interval {
    private static final Pattern PATTERN = Pattern.compile("(\\d{1,6})([YMDhms])");
    private static final long DAY_MS = TimeUnit.DAYS.toMillis(1);
    /** Years, months, days, hours, minutes and seconds. */
    private static final Map<String, Long> UNIT_MS =
            Map.of("Y", 365 * DAY_MS, "M", 30 * DAY_MS, "D", DAY_MS, "h", DAY_MS / 24, "m", 60_000L, "s", 1_000L);

    private Interval() {}

    /** In milliseconds; empty if the text is no interval. */
    static OptionalLong ms(String text) {
        Matcher interval = PATTERN.matcher(text);
        return interval.matches()
                ? OptionalLong.of(UNIT_MS.getOrDefault(interval.group(2), 0L) * Long.parseLong(interval.group(1)))
                : OptionalLong.empty();
    }
}
