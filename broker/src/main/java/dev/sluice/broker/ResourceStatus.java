package dev.sluice.broker;

import java.util.OptionalLong;

/**
 * How much of a resource of the node is in use, and where that leads. Immutable.
 *
 * @param name {@code memory} or {@code disk}
 * @param usedBytes in use
 * @param totalBytes all there is: for memory what publishers may fill, for the disk its size
 * @param marks at how many used bytes something happens
 * @param step what is happening
 * @param slowedPercent how much publishers are slowed, from 0 to 100, where they are stopped
 * @param bytesPerSecond growth; negative when it shrinks, 0 without an evident direction
 * @param stopInMs when publishers will be stopped if it goes on like that; empty if not within a week
 */
public record ResourceStatus(
        String name,
        long usedBytes,
        long totalBytes,
        Watermarks marks,
        Step step,
        int slowedPercent,
        double bytesPerSecond,
        OptionalLong stopInMs) {

    /** What happens, from nothing to the worst. */
    public enum Step {
        NORMAL,
        /** People are warned. */
        WARN,
        /** Publishers are slowed. */
        SLOW,
        /** Publishers are stopped. */
        STOP
    }

    /** For people, as {@code disk: 2.1 GiB of 100 GiB free, at its limit in 14 min at 3.2 MiB/s}. */
    public String use() {
        boolean isDisk = name.equals(NodePressure.DISK);
        String amount = isDisk
                ? Amounts.bytes(totalBytes - usedBytes) + " of " + Amounts.bytes(totalBytes) + " free"
                : Amounts.bytes(usedBytes) + " of " + Amounts.bytes(totalBytes) + " used by messages";
        return name + ": " + amount + direction();
    }

    private String direction() {
        if (bytesPerSecond == 0) {
            return "";
        }
        String rate = Amounts.bytes((long) Math.abs(bytesPerSecond)) + "/s";
        if (bytesPerSecond < 0) {
            return ", shrinking by " + rate;
        }
        return step != Step.STOP && stopInMs.isPresent()
                ? ", at its limit in " + Amounts.duration(stopInMs.getAsLong()) + " at " + rate
                : ", growing by " + rate;
    }

    /** For people: where publishers are slowed, stopped and let go again. */
    public String limits() {
        if (marks.isNone()) {
            return "no limit";
        }
        return name.equals(NodePressure.DISK)
                ? "warns below " + free(marks.warnBytes()) + ", slows publishers below " + free(marks.slowBytes())
                        + ", stops them below " + free(marks.stopBytes()) + " until " + free(marks.reopenBytes())
                        + " are free"
                : "warns at " + Amounts.bytes(marks.warnBytes()) + ", slows publishers from "
                        + Amounts.bytes(marks.slowBytes()) + ", stops them at " + Amounts.bytes(marks.stopBytes())
                        + " until " + Amounts.bytes(marks.reopenBytes()) + " are used";
    }

    private String free(long used) {
        return Amounts.bytes(totalBytes - used);
    }

    /** For people: what happens now. */
    public String state() {
        return switch (step) {
            case NORMAL -> "normal";
            case WARN -> "warning";
            case SLOW -> "publishers are slowed by " + slowedPercent + " %";
            case STOP -> "publishers are stopped; consumers and acknowledgements go on";
        };
    }
}
