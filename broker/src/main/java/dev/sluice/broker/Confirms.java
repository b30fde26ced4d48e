package dev.sluice.broker;

import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The publishers that wait for one batch, as runs of sequence numbers. Filled and answered on the shard that published; in between it only travels. */
final class Confirms {
    private ConfirmSink[] sinks = new ConfirmSink[2];
    private long[] first = new long[2];
    private long[] last = new long[2];
    private int size;

    @SuppressWarnings("ReferenceEquality") // a sink is its publisher
    void add(ConfirmSink sink, long sequence) {
        int end = size - 1;
        if (end >= 0 && sinks[end] == sink && last[end] + 1 == sequence) {
            last[end] = sequence;
            return;
        }
        if (size == sinks.length) {
            sinks = Arrays.copyOf(sinks, size * 2);
            first = Arrays.copyOf(first, size * 2);
            last = Arrays.copyOf(last, size * 2);
        }
        sinks[size] = sink;
        first[size] = sequence;
        last[size] = sequence;
        size++;
    }

    /** Told once: with null when all is stored. */
    static Confirms of(Consumer<@Nullable Refusal> outcome) {
        var confirms = new Confirms();
        confirms.add(
                new ConfirmSink() {
                    @Override
                    public void stored(long firstSequence, long lastSequence) {
                        outcome.accept(null);
                    }

                    @Override
                    public void refused(long firstSequence, long lastSequence, Refusal refusal) {
                        outcome.accept(refusal);
                    }
                },
                0);
        return confirms;
    }

    /** {@link #stored} for null. */
    void tell(@Nullable Refusal refusal) {
        if (refusal == null) {
            stored();
        } else {
            refused(refusal);
        }
    }

    void stored() {
        for (int i = 0; i < size; i++) {
            sinks[i].stored(first[i], last[i]);
        }
    }

    void refused(Refusal refusal) {
        for (int i = 0; i < size; i++) {
            sinks[i].refused(first[i], last[i], refusal);
        }
    }
}
