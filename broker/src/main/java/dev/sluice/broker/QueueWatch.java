package dev.sluice.broker;

import dev.sluice.broker.QueueSettings.Overflow;
import dev.sluice.broker.ResourceStatus.Step;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells people when a queue will soon be at its limit, when it is, and when that is over. Confined to the queue's shard. */
final class QueueWatch {
    private static final Logger LOG = LoggerFactory.getLogger(QueueWatch.class);

    private final String queue;
    private final Overflow overflow;
    /** Warns when the limit comes so soon; 0 for never. */
    private final long warnBeforeMs;

    private final QueueAlerts alerts;
    private final StepNotice notice = new StepNotice();
    private boolean isWarning;

    QueueWatch(String queue, Overflow overflow, long warnBeforeMs, QueueAlerts alerts) {
        this.queue = queue;
        this.overflow = overflow;
        this.warnBeforeMs = warnBeforeMs;
        this.alerts = alerts;
    }

    /** Whether that is so little time that people are to be warned. */
    boolean isSoon(long reachedInMs) {
        return reachedInMs > 0 && reachedInMs <= warnBeforeMs;
    }

    /**
     * Takes a sample of the limit that is next.
     *
     * @param reachedInMs 0 if it is reached, {@link Long#MAX_VALUE} if it does not come nearer
     * @param isNear whether it is to be believed that it will be reached {@linkplain #isSoon soon}
     * @param nowMs since the epoch
     */
    void look(QueueUse use, long reachedInMs, boolean isNear, long nowMs) {
        Step step = reachedInMs == 0 ? Step.STOP : isNear ? Step.WARN : Step.NORMAL;
        Step news = notice.news(step, nowMs);
        if (news != null) {
            tell(news, use, reachedInMs, nowMs);
        }
    }

    private void tell(Step step, QueueUse use, long reachedInMs, long nowMs) {
        String text = text(step, use, reachedInMs);
        isWarning = step == Step.WARN;
        // Where records are dropped at the limit, the queue is meant to be there.
        if (step == Step.NORMAL || (step == Step.STOP && overflow.isDrop())) {
            alerts.remove(queue);
            LOG.info("{}", text);
        } else {
            alerts.put(queue, new Alert(queue, step, nowMs, text));
            LOG.warn("{}", text);
        }
    }

    private String text(Step step, QueueUse use, long reachedInMs) {
        return "queue " + queue
                + switch (step) {
                    case NORMAL -> " is away from its limit again: " + use.text();
                    case WARN, SLOW ->
                        (reachedInMs == Long.MAX_VALUE
                                        ? " may be at its limit soon: "
                                        : " will be at its limit in " + Amounts.duration(reachedInMs) + ": ")
                                + use.text() + "; then " + consequence();
                    case STOP -> " is at its limit: " + use.text() + "; " + consequence();
                };
    }

    /** Whether it has to be looked at also when nobody uses the queue: what does not grow any more is no reason to warn. */
    boolean isWarning() {
        return isWarning;
    }

    /** The queue is gone. */
    void close() {
        alerts.remove(queue);
    }

    private String consequence() {
        return switch (overflow) {
            case DROP_OLDEST -> "the oldest are dropped";
            case DROP_LOWEST_PRIORITY -> "those of the lowest priority are dropped";
            case REJECT, REJECT_DEAD_LETTER -> "publishers are refused";
            case BLOCK -> "publishers wait";
        };
    }
}
