package dev.sluice.broker;

import dev.sluice.broker.ResourceStatus.Step;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows one resource by its samples, one a second, and tells people once when something changes: at once when it gets worse, and when it has been better for a while. Confined to its owner.
 */
final class ResourceWatch {
    private static final Logger LOG = LoggerFactory.getLogger(ResourceWatch.class);

    private static final double LEAST_NOISE_BYTES = 4096;
    private static final long LEAST_RETRY_MS = 1_000;
    private static final long MOST_RETRY_MS = 600_000;
    private static final int HUNDRED = 100;

    private final String name;
    private final ResourceLevel level;
    private final GrowthForecast forecast = new GrowthForecast(LEAST_NOISE_BYTES);
    /** Warns when the stop comes so soon; 0 for never. */
    private final long warnBeforeMs;

    private final Trend trend = new Trend();
    private final StepNotice notice = new StepNotice();
    private @Nullable Alert alert;
    private @Nullable ResourceStatus status;

    ResourceWatch(String name, ResourceLevel level, long warnBeforeMs) {
        this.name = name;
        this.level = level;
        this.warnBeforeMs = warnBeforeMs;
    }

    /**
     * Takes a sample.
     *
     * @param clockMs never goes back
     * @param wallMs since the epoch
     */
    void sample(long clockMs, long wallMs, long usedBytes, long totalBytes) {
        forecast.sample(clockMs, usedBytes);
        Watermarks marks = level.marks();
        double growth = forecast.perSecond();
        OptionalLong stopInMs = growth > 0 && usedBytes < marks.stopBytes()
                ? forecast.msUntil(marks.stopBytes())
                : OptionalLong.empty();
        boolean isNear = trend.follow(stopInMs.orElse(Long.MAX_VALUE) <= warnBeforeMs, growth, clockMs, usedBytes);
        level.setRetryAfterMs(growth < 0 ? retryAfterMs(marks) : 0);

        double pressure = marks.pressure(usedBytes);
        Step step = step(level.takeWasStopped(), pressure, usedBytes, isNear);
        int slowedPercent = (int) Math.ceil(pressure * HUNDRED);
        var now = new ResourceStatus(name, usedBytes, totalBytes, marks, step, slowedPercent, growth, stopInMs);
        status = now;
        Step news = notice.news(step, clockMs);
        if (news != null) {
            tell(news, now, wallMs);
        }
    }

    private long retryAfterMs(Watermarks marks) {
        OptionalLong ms = forecast.msUntil(marks.reopenBytes());
        return ms.isPresent() ? Math.clamp(ms.getAsLong(), LEAST_RETRY_MS, MOST_RETRY_MS) : 0;
    }

    private Step step(boolean wasStopped, double pressure, long usedBytes, boolean isNear) {
        if (wasStopped) {
            return Step.STOP;
        }
        if (pressure > 0) {
            return Step.SLOW;
        }
        return usedBytes >= level.marks().warnBytes() || isNear ? Step.WARN : Step.NORMAL;
    }

    private void tell(Step step, ResourceStatus now, long wallMs) {
        if (step == Step.NORMAL) {
            alert = null;
            LOG.info("{}; back to normal", now.use());
            return;
        }
        String text = text(step, now);
        alert = new Alert(name, step, wallMs, text);
        LOG.warn("{}", text);
    }

    private static String text(Step step, ResourceStatus now) {
        return switch (step) {
            case NORMAL -> now.use();
            case WARN -> now.use() + "; " + now.limits();
            case SLOW -> now.use() + "; publishers are slowed; " + now.limits();
            case STOP -> now.use() + "; publishers are stopped, consumers and acknowledgements go on; " + now.limits();
        };
    }

    /** What is to be known for now, by the last sample; null when there is nothing. */
    @Nullable
    Alert alert() {
        return alert;
    }

    /** As of the last sample; null before the first. */
    @Nullable
    ResourceStatus status() {
        return status;
    }
}
