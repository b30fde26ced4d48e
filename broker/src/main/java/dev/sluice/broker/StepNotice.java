package dev.sluice.broker;

import dev.sluice.broker.ResourceStatus.Step;
import org.jspecify.annotations.Nullable;

/** Decides when people are told of a step: at once when it gets worse, and when it has been better for a while. Confined to its owner. */
final class StepNotice {
    /** Better for so long is better; else what is at the edge of a limit would fill the log. */
    private static final long BETTER_FOR_MS = 10_000;

    private Step told = Step.NORMAL;
    /** The worst since it was at or above what was told last. */
    private Step better = Step.NORMAL;

    private long betterSinceMs;

    /** Takes the step of now; returns what people are to be told, null for nothing new. */
    @Nullable
    Step news(Step step, long clockMs) {
        if (step.compareTo(told) >= 0) {
            return begin(step, clockMs);
        }
        better = step.compareTo(better) > 0 ? step : better;
        return clockMs - betterSinceMs >= BETTER_FOR_MS ? begin(better, clockMs) : null;
    }

    private @Nullable Step begin(Step step, long clockMs) {
        boolean isNew = step != told;
        told = step;
        better = Step.NORMAL;
        betterSinceMs = clockMs;
        return isNew ? step : null;
    }
}
