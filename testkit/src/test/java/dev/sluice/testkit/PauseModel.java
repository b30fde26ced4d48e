package dev.sluice.testkit;

import dev.sluice.broker.QueuePauses;

/** Confined to the thread of the simulation. What an operator has paused of a queue. */
final class PauseModel {
    private QueuePauses known = QueuePauses.NONE;
    /** Changes that nobody has answered. */
    private int changing;
    /** Nobody knows what became of a change. */
    private boolean isUnknown;
    /** At that quiet point nothing was on its way any more that was sent before. */
    private int since;
    /** What was to come in from elsewhere may have been refused, and is tried again after a while. */
    private boolean everHeldPublishers;

    void changing() {
        changing++;
        everHeldPublishers = true;
    }

    void changed(QueuePauses now, int quietPoints) {
        changing--;
        isUnknown = false;
        known = now;
        since = quietPoints + 1;
    }

    void failed() {
        changing--;
        isUnknown = true;
    }

    /** Another process has the queue, and remembers what is paused. */
    void newLife() {
        isUnknown |= changing > 0;
        changing = 0;
        since = 0;
    }

    private boolean isKnown() {
        return changing == 0 && !isUnknown;
    }

    /** Whether what was sent since the last quiet point may be refused. */
    boolean mayHaveHeldPublishers(int quietPoints) {
        return mayHoldPublishers() || since > quietPoints;
    }

    boolean mayHoldPublishers() {
        return known.publishing() || !isKnown();
    }

    boolean everHeldPublishers() {
        return everHeldPublishers;
    }

    boolean mayHoldConsumers() {
        return known.consuming() || !isKnown();
    }

    /** Whether a consumer gets nothing for sure, not even what was on its way. */
    boolean surelyHoldsConsumers(int quietPoints) {
        return known.consuming() && isKnown() && quietPoints >= since;
    }

    /** Whether publishers are refused for sure, or wait. */
    boolean surelyHoldsPublishers(int quietPoints) {
        return known.publishing() && isKnown() && quietPoints >= since;
    }

    boolean mayBe(QueuePauses told) {
        return !isKnown() || known.equals(told);
    }
}
