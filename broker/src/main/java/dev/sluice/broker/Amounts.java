package dev.sluice.broker;

import java.util.Locale;

/** Amounts as people read them. Stateless. */
final class Amounts {
    private static final int KIB = 1 << 10;
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};
    private static final int TENFOLD = 10;
    private static final long SECOND_MS = 1000;
    private static final long MINUTE_MS = 60 * SECOND_MS;
    private static final long HOUR_MS = 60 * MINUTE_MS;
    private static final long DAY_MS = 24 * HOUR_MS;

    private Amounts() {}

    /** As {@code 3.2 MiB}, with two digits, or all those before the point. */
    static String bytes(long bytes) {
        double amount = Math.abs((double) bytes);
        int unit = 0;
        while (amount >= KIB && unit < UNITS.length - 1) {
            amount /= KIB;
            unit++;
        }
        String digits = unit > 0 && amount < TENFOLD
                ? String.format(Locale.ROOT, "%.1f", amount)
                : Long.toString(Math.round(amount));
        return (bytes < 0 ? "-" : "") + digits + " " + UNITS[unit];
    }

    /** As {@code 14 min}: the largest unit of which there are at least two, rounded up. */
    static String duration(long ms) {
        if (ms < 2 * MINUTE_MS) {
            return ceil(ms, SECOND_MS) + " s";
        }
        if (ms < 2 * HOUR_MS) {
            return ceil(ms, MINUTE_MS) + " min";
        }
        return ms < 2 * DAY_MS ? ceil(ms, HOUR_MS) + " h" : ceil(ms, DAY_MS) + " days";
    }

    private static long ceil(long ms, long unitMs) {
        return (ms + unitMs - 1) / unitMs;
    }
}
