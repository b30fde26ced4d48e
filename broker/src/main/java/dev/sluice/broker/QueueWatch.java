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
    private final Trend trend = new Trend();
    private final StepNotice notice = new StepNotice();
    private boolean isWarning;

    QueueWatch(String queue, Overflow overflow, long warnBeforeMs, QueueAlerts alerts) {
        this.queue = queue;
        this.overflow = overflow;
        this.warnBeforeMs = warnBeforeMs;
        this.alerts = alerts;
    }

    /**
     * Takes a sample of the limit that is next.
     *
     * @param nowMs since the epoch
     * @param reachedInMs 0 if it is reached, {@link Long#MAX_VALUE} if it does not come nearer
     */
    void look(QueueUse use, long reachedInMs, double perSecond, long nowMs) {
        boolean isAtLimit = reachedInMs == 0;
        boolean isNear = trend.follow(!isAtLimit && reachedInMs <= warnBeforeMs, perSecond, nowMs, use.used());
        Step step = isAtLimit ? Step.STOP : isNear ? Step.WARN : Step.NORMAL;
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
                        " will be at its limit in " + Amounts.duration(reachedInMs) + ": " + use.text() + "; then "
                                + consequence();
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
