package dev.sluice.amqp;

import dev.sluice.broker.ConfirmSink;
import dev.sluice.broker.Refusal;
import java.util.Arrays;

/**
 * Which publishes of one channel are not confirmed yet. Sequence numbers are those of the channel, from 1. What is settled is reported once per turn: the part without a gap in front as few
 * {@code multiple} acks and nacks, what lies behind a gap one by one, so that {@code multiple} never covers a publish whose fate is open. Confined to the connection's shard.
 */
final class ChannelConfirms implements ConfirmSink {
    /** Set in a state when a queue refused the message. */
    private static final int REFUSED = 1 << 30;
    /** The state of a publish that was reported behind a gap. */
    private static final int REPORTED = 1 << 31;

    private static final int FIRST_CAPACITY = 64;

    private final Runnable settled;
    private long lastSequence;
    /** Everything below is reported. */
    private long firstOpen = 1;
    /** How many queues have not answered, with flags; of sequence s at index s modulo the length, a power of two. */
    private int[] states = new int[FIRST_CAPACITY];
    /** Between these, both included, are the sequences that were settled since the last report. */
    private long lowestSettled;

    private long highestSettled;
    private boolean reportDue;

    /** Where confirms are written. */
    interface Report {
        void ack(long sequence, boolean multiple);

        void nack(long sequence, boolean multiple);
    }

    /** {@code settled} runs when there is something to report and nothing was before; {@link #report} is to be called at the end of the turn. */
    ChannelConfirms(Runnable settled) {
        this.settled = settled;
    }

    /** A publish that {@code queueCount} queues will answer for, each once; none: it is settled. Returns its sequence number. */
    long begin(int queueCount) {
        long sequence = ++lastSequence;
        if (lastSequence - firstOpen >= states.length) {
            grow();
        }
        states[slot(sequence)] = queueCount;
        if (queueCount == 0) {
            settle(sequence);
        }
        return sequence;
    }

    @Override
    public void stored(long firstSequence, long lastSequence) {
        for (long sequence = firstSequence; sequence <= lastSequence; sequence++) {
            answered(sequence, 0);
        }
    }

    @Override
    public void refused(long firstSequence, long lastSequence, Refusal refusal) {
        for (long sequence = firstSequence; sequence <= lastSequence; sequence++) {
            answered(sequence, REFUSED);
        }
    }

    private void answered(long sequence, int flag) {
        int slot = slot(sequence);
        int state = (states[slot] | flag) - 1;
        states[slot] = state;
        if (isSettled(state)) {
            settle(sequence);
        }
    }

    private void settle(long sequence) {
        if (reportDue) {
            lowestSettled = Math.min(lowestSettled, sequence);
            highestSettled = Math.max(highestSettled, sequence);
            return;
        }
        lowestSettled = sequence;
        highestSettled = sequence;
        reportDue = true;
        settled.run();
    }

    /** Reports what was settled since the last call. */
    void report(Report out) {
        reportDue = false;
        reportFront(out);
        for (long sequence = Math.max(firstOpen, lowestSettled); sequence <= highestSettled; sequence++) {
            int state = states[slot(sequence)];
            if (isSettled(state)) {
                reportOne(out, sequence, state, false);
                states[slot(sequence)] = REPORTED;
            }
        }
    }

    private void reportFront(Report out) {
        long from = firstOpen;
        while (from <= lastSequence && isClosed(states[slot(from)])) {
            int state = states[slot(from)];
            long to = from;
            while (to < lastSequence && states[slot(to + 1)] == state) {
                to++;
            }
            if (state != REPORTED) {
                reportOne(out, to, state, to > from);
            }
            from = to + 1;
        }
        firstOpen = from;
    }

    private static void reportOne(Report out, long sequence, int state, boolean multiple) {
        if (state == REFUSED) {
            out.nack(sequence, multiple);
        } else {
            out.ack(sequence, multiple);
        }
    }

    private static boolean isSettled(int state) {
        return (state & ~REFUSED) == 0;
    }

    private static boolean isClosed(int state) {
        return isSettled(state) || state == REPORTED;
    }

    private int slot(long sequence) {
        return (int) sequence & (states.length - 1);
    }

    private void grow() {
        int[] old = states;
        states = new int[old.length * 2];
        Arrays.fill(states, REPORTED);
        for (long sequence = firstOpen; sequence < lastSequence; sequence++) {
            states[slot(sequence)] = old[(int) sequence & (old.length - 1)];
        }
    }
}
