package dev.sluice.broker;

import java.util.Optional;

/** Where a subscription begins to read its topic. Immutable. */
public sealed interface StartPosition {
    /** At the oldest record that the topic has. */
    StartPosition FIRST = new Named("first");

    /** At the newest record that the topic has. */
    StartPosition LAST = new Named("last");

    /** At the first record that comes from now on. */
    StartPosition NEXT = new Named("next");

    /** One of the constants. */
    record Named(String text) implements StartPosition {}

    /** At this offset, in each partition; at the nearest one that the topic has. */
    record AtOffset(long offset) implements StartPosition {
        private static final String PREFIX = "offset=";

        public AtOffset {
            if (offset < 0) {
                throw new IllegalArgumentException("the offset is " + offset + ", not negative was expected");
            }
        }

        @Override
        public String text() {
            return PREFIX + offset;
        }
    }

    /** At the first record that came at this time or later, in milliseconds since the epoch. */
    record AtTime(long timeMs) implements StartPosition {
        private static final String PREFIX = "time=";

        public AtTime {
            if (timeMs < 0) {
                throw new IllegalArgumentException("the time is " + timeMs + ", not negative was expected");
            }
        }

        @Override
        public String text() {
            return PREFIX + timeMs;
        }
    }

    /** As {@link #parse} takes it. */
    String text();

    /** {@code first}, {@code last}, {@code next}, {@code offset=17} or {@code time=1700000000000}; empty if it is none of these. */
    static Optional<StartPosition> parse(String words) {
        for (StartPosition named : new StartPosition[] {FIRST, LAST, NEXT}) {
            if (named.text().equals(words)) {
                return Optional.of(named);
            }
        }
        try {
            if (words.startsWith(AtOffset.PREFIX)) {
                return Optional.of(new AtOffset(Long.parseLong(words.substring(AtOffset.PREFIX.length()))));
            }
            return words.startsWith(AtTime.PREFIX)
                    ? Optional.of(new AtTime(Long.parseLong(words.substring(AtTime.PREFIX.length()))))
                    : Optional.empty();
        } catch (IllegalArgumentException noNumber) {
            return Optional.empty();
        }
    }
}
