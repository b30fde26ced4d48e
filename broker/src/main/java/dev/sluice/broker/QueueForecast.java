package dev.sluice.broker;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * When a queue will be at its limits if it goes on as it does, and how fast room is made in it; warns people before. Samples are taken while the queue is in use, one a second at the most: what it holds does not change while it is not. Confined to the queue's shard.
 */
final class QueueForecast {
    private static final int SAMPLE_MS = 1_000;

    /** Seconds without use that are made up for; after longer ones, what was before hardly counts. */
    private static final int MOST_MADE_UP = 600;

    private static final long LEAST_RETRY_MS = 10;
    private static final long MOST_RETRY_MS = 600_000;
    private static final double MS_PER_SECOND = 1000;

    private final LongSupplier taken;
    private final LongSupplier ready;
    private final List<Limit> limits = new ArrayList<>();
    private final DrainRate drain = new DrainRate();
    private final QueueWatch watch;
    private boolean begun;
    private long sampledMs;

    /** One limit and what grows towards it. */
    private static final class Limit {
        final QueueUse.Kind kind;
        final long most;
        final LongSupplier used;
        final GrowthForecast growth = new GrowthForecast(1);
        final Trend trend = new Trend();
        long last;
        boolean isNear;

        Limit(QueueUse.Kind kind, long most, LongSupplier used) {
            this.kind = kind;
            this.most = most;
            this.used = used;
        }

        /** What it was so long after the last sample, if nothing happened to the queue. */
        long unused(long ms) {
            return kind == QueueUse.Kind.AGE && last > 0 ? last + ms : last;
        }

        long reachedInMs() {
            if (used.getAsLong() >= most) {
                return 0;
            }
            return growth.perSecond() > 0 ? growth.msUntil(most).orElse(Long.MAX_VALUE) : Long.MAX_VALUE;
        }
    }

    /** {@code taken}: how many records have come into the queue, {@code ready}: how many are ready now. */
    QueueForecast(QueueWatch watch, LongSupplier taken, LongSupplier ready) {
        this.watch = watch;
        this.taken = taken;
        this.ready = ready;
    }

    /** Follows one more limit. */
    void follow(QueueUse.Kind kind, long most, LongSupplier used) {
        if (most >= 0) {
            limits.add(new Limit(kind, most, used));
        }
    }

    /** The queue is in use: takes a sample if it is time. */
    void turn(long nowMs) {
        if (begun && nowMs - sampledMs < SAMPLE_MS) {
            return;
        }
        if (begun) {
            makeUp(nowMs);
        }
        begun = true;
        sampledMs = nowMs;
        drain.sample(nowMs, taken.getAsLong() - ready.getAsLong());
        for (Limit limit : limits) {
            limit.last = limit.used.getAsLong();
            limit.growth.sample(nowMs, limit.last);
            boolean isSoon = watch.isSoon(limit.reachedInMs());
            limit.isNear = limit.trend.follow(isSoon, limit.growth.perSecond(), nowMs, limit.last);
        }
        Limit next = next();
        if (next != null) {
            watch.look(new QueueUse(next.kind, next.last, next.most), next.reachedInMs(), next.isNear, nowMs);
        }
    }

    private void makeUp(long nowMs) {
        for (long ms = Math.max(sampledMs + SAMPLE_MS, nowMs - (long) MOST_MADE_UP * SAMPLE_MS);
                ms <= nowMs - SAMPLE_MS;
                ms += SAMPLE_MS) {
            for (Limit limit : limits) {
                limit.growth.sample(ms, limit.unused(ms - sampledMs));
            }
        }
    }

    /** The limit that is reached first. */
    private @Nullable Limit next() {
        Limit next = null;
        for (Limit limit : limits) {
            if (next == null || limit.reachedInMs() < next.reachedInMs()) {
                next = limit;
            }
        }
        return next;
    }

    /** Milliseconds until the first limit is reached, 0 if one is; empty if none comes nearer. */
    OptionalLong limitInMs(long nowMs) {
        Limit next = next();
        long ms = next == null ? Long.MAX_VALUE : next.reachedInMs();
        return ms == Long.MAX_VALUE ? OptionalLong.empty() : OptionalLong.of(Math.max(0, ms - (nowMs - sampledMs)));
    }

    /** Whether people are warned of growth, which may end without the queue being used. */
    boolean isWarning() {
        return watch.isWarning();
    }

    /** The queue is gone. */
    void close() {
        watch.close();
    }

    /** In about how many milliseconds so many records will have left; 0 if none leaves. */
    long msUntilGone(long records) {
        double perSecond = drain.perSecond();
        return perSecond == 0
                ? 0
                : Math.clamp((long) (records * MS_PER_SECOND / perSecond), LEAST_RETRY_MS, MOST_RETRY_MS);
    }
}
