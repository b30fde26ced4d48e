package dev.sluice.broker;

import java.util.OptionalLong;

/**
 * Says from samples of how much is used when a limit will be reached. A straight line is fitted to the samples of the last minutes, whose weights fade away: the more slowly, the longer the line has held. Samples that keep off the line on one side by more than the usual noise mean that
 * the rate has changed: then the line begins anew with what comes. A sample costs a few dozen multiplications, there is nothing to scan, and all of it takes a dozen numbers. Confined to its owner.
 */
final class GrowthForecast {
    /** Further away than this is not worth a word. */
    static final long HORIZON_MS = 7L * 24 * 3600 * 1000;

    // How fast weights fade: a line that has held for long forgets in a third of that, within these bounds.
    private static final double LEAST_WINDOW_S = 180;
    private static final double MOST_WINDOW_S = 1_800;
    private static final double WINDOW_SHARE = 1.0 / 3;

    private static final double MS_PER_SECOND = 1000;
    private static final double LEAST_SPAN_S = 10;
    private static final double LEAST_WEIGHT = 6;

    /** A slope is believed when it is so many times its own uncertainty. */
    private static final double EVIDENT = 5;

    // A cumulative sum test: how far one sample may count, what each is forgiven, and how much is a change; in units of
    // the usual noise.
    private static final double MOST_OFF = 5;
    private static final double FORGIVEN = 1;
    private static final double LEAST_CHANGED = 60;

    /** For each second of the window: what comes in bursts keeps off a line for longer, the longer that is drawn from. */
    private static final double CHANGED_PER_SECOND = 0.35;

    private final double leastNoise;
    private boolean begun;
    private long beginMs;
    private long lastMs;
    private long lastUsed;

    // Faded sums of the samples; time and use count from the last sample, so that they stay exact.
    private double weight;
    private double t;
    private double y;
    private double tt;
    private double ty;

    // Of the differences between samples and line, over changes of the rate.
    private double noiseWeight;
    private double noise;
    private double above;
    private double below;

    /** {@code leastNoise}: less than this is no noise, but rounding; in the unit of the samples. */
    GrowthForecast(double leastNoise) {
        this.leastNoise = leastNoise;
    }

    /** Times are of one clock and do not go back; a sample that comes too early is left out. */
    void sample(long timeMs, long used) {
        if (!begun) {
            begun = true;
            begin(timeMs, used);
            return;
        }
        if (timeMs <= lastMs) {
            return;
        }
        double seconds = (timeMs - lastMs) / MS_PER_SECOND;
        double more = (double) used - lastUsed;
        double fade = Math.exp(-seconds / windowSeconds());
        if (isSpanned() && hasChanged(more - level() - slope() * seconds, fade)) {
            begin(timeMs, used);
            return;
        }
        ty = fade * (ty - more * t - seconds * y + seconds * more * weight);
        tt = fade * (tt - 2 * seconds * t + seconds * seconds * weight);
        y = fade * (y - more * weight);
        t = fade * (t - seconds * weight);
        weight = fade * weight + 1;
        lastMs = timeMs;
        lastUsed = used;
    }

    private double windowSeconds() {
        return Math.clamp((lastMs - beginMs) / MS_PER_SECOND * WINDOW_SHARE, LEAST_WINDOW_S, MOST_WINDOW_S);
    }

    private void begin(long timeMs, long used) {
        beginMs = timeMs;
        lastMs = timeMs;
        lastUsed = used;
        weight = 1;
        t = 0;
        y = 0;
        tt = 0;
        ty = 0;
        above = 0;
        below = 0;
    }

    /** Takes the difference of one more sample from where the line would have it. */
    private boolean hasChanged(double difference, double fade) {
        double off = Math.clamp(difference / noise(), -MOST_OFF, MOST_OFF);
        noise = fade * noise + difference * difference;
        noiseWeight = fade * noiseWeight + 1;
        above = Math.max(0, above + off - FORGIVEN);
        below = Math.max(0, below - off - FORGIVEN);
        return Math.max(above, below) > Math.max(LEAST_CHANGED, CHANGED_PER_SECOND * windowSeconds());
    }

    private double noise() {
        return noiseWeight > 0 ? Math.max(leastNoise, Math.sqrt(noise / noiseWeight)) : Double.POSITIVE_INFINITY;
    }

    /** Growth a second; negative when it shrinks, 0 when there is no evident direction. */
    double perSecond() {
        return isEvident() ? slope() : 0;
    }

    /** Milliseconds from the last sample until so much is used, whether growing or shrinking; empty when it does not come nearer. */
    OptionalLong msUntil(long used) {
        if (!isEvident()) {
            return OptionalLong.empty();
        }
        double ms = ((double) used - lastUsed - level()) / slope() * MS_PER_SECOND;
        return ms >= 0 && ms <= HORIZON_MS ? OptionalLong.of((long) ms) : OptionalLong.empty();
    }

    private boolean isSpanned() {
        return weight >= LEAST_WEIGHT && lastMs - beginMs >= LEAST_SPAN_S * MS_PER_SECOND;
    }

    private boolean isEvident() {
        return isSpanned() && noiseWeight > 0 && Math.abs(slope()) * Math.sqrt(spread()) > EVIDENT * noise();
    }

    private double slope() {
        return (ty - t * y / weight) / spread();
    }

    /** Where the line is at the last sample, as a difference from it. */
    private double level() {
        return (y - slope() * t) / weight;
    }

    private double spread() {
        return tt - t * t / weight;
    }
}
