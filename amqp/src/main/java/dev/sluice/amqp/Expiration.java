package dev.sluice.amqp;

import org.jspecify.annotations.Nullable;

/** Reads the property expiration: milliseconds as a text, by RabbitMQ's rules and with its words for what is wrong. Stateless. */
final class Expiration {
    /** The longest that RabbitMQ takes; a little under 50 days. */
    private static final long MOST_MS = 0xFFFF_FFFFL;

    private Expiration() {}

    /** What is wrong with the text, as an Erlang term; null if nothing is. */
    static @Nullable String problemOf(String text) {
        int start = text.startsWith("-") || text.startsWith("+") ? 1 : 0;
        int end = start;
        while (end < text.length() && isDigit(text.charAt(end))) {
            end++;
        }
        if (end == start) {
            return "no_integer";
        }
        if (end < text.length()) {
            return "{leftover_string,\"" + text.substring(end) + "\"}";
        }
        long ms = number(text);
        if (ms < 0) {
            return "{value_negative," + text + "}";
        }
        return ms > MOST_MS ? "{value_too_big," + text + "}" : null;
    }

    /** The milliseconds of a text without {@linkplain #problemOf problem}. */
    static long ms(String text) {
        return number(text);
    }

    /** What has more digits than a long is as good as the largest: both are refused. */
    private static long number(String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException beyondLong) {
            return text.startsWith("-") ? Long.MIN_VALUE : Long.MAX_VALUE;
        }
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}
