package dev.sluice.testkit;

/** Confined to the thread of its {@link SimScheduler}, which alone moves it. The time of a simulation, from 0. */
public final class SimClock {
    private long nowMs;

    SimClock() {}

    public long nowMs() {
        return nowMs;
    }

    void advanceTo(long timeMs) {
        nowMs = Math.max(nowMs, timeMs);
    }
}
