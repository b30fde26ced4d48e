package dev.sluice.amqp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.broker.Refusal;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ChannelConfirmsTest {
    private static final Refusal FULL = new Refusal(Refusal.Reason.QUEUE_FULL, "q");

    private final List<String> reported = new ArrayList<>();
    private int wakes;
    private final ChannelConfirms confirms = new ChannelConfirms(() -> wakes++);

    private final ChannelConfirms.Report report = new ChannelConfirms.Report() {
        @Override
        public void ack(long sequence, boolean multiple) {
            reported.add("ack " + sequence + (multiple ? "*" : ""));
        }

        @Override
        public void nack(long sequence, boolean multiple) {
            reported.add("nack " + sequence + (multiple ? "*" : ""));
        }
    };

    @Test
    void oneAckCoversAllThatIsStoredWithoutAGap() {
        begin(1, 1, 1);
        confirms.stored(1, 3);
        assertReported("ack 3*");
        assertThat(wakes).isEqualTo(1);
    }

    @Test
    void whatLiesBehindAGapIsReportedAlone() {
        begin(1, 1, 1);
        confirms.stored(2, 3);
        assertReported("ack 2", "ack 3");
        confirms.stored(1, 1);
        assertReported("ack 1");
        begin(1);
        confirms.stored(4, 4);
        assertReported("ack 4");
    }

    @Test
    void allQueuesOfARouteHaveToAnswer() {
        begin(2, 1);
        confirms.stored(1, 2);
        assertReported("ack 2");
        confirms.stored(1, 1);
        assertReported("ack 1");
    }

    @Test
    void oneRefusalIsEnoughForANack() {
        begin(2, 1, 1);
        confirms.refused(1, 1, FULL);
        confirms.stored(1, 3);
        assertReported("nack 1", "ack 3*");
    }

    @Test
    void whatGoesNowhereIsAckedAtOnce() {
        begin(0);
        assertReported("ack 1");
    }

    @Test
    void everySequenceIsReportedOnceAndNeverAheadOfItsStorage() {
        for (int seed = 0; seed < 200; seed++) {
            playRandomly(new Random(seed));
        }
    }

    private static void playRandomly(Random random) {
        var settled = new BitSet();
        var told = new BitSet();
        var refused = new BitSet();
        var playing = new ChannelConfirms(() -> {});
        List<Long> open = new ArrayList<>();
        var checking = new ChannelConfirms.Report() {
            @Override
            public void ack(long sequence, boolean multiple) {
                tell((int) sequence, multiple, false);
            }

            @Override
            public void nack(long sequence, boolean multiple) {
                tell((int) sequence, multiple, true);
            }

            private void tell(int sequence, boolean multiple, boolean nack) {
                int from = multiple ? 1 : sequence;
                for (int s = from; s <= sequence; s++) {
                    assertThat(settled.get(s)).isTrue();
                    if (!told.get(s)) {
                        assertThat(refused.get(s)).isEqualTo(nack);
                    }
                    told.set(s);
                }
            }
        };
        for (int step = 0; step < 500; step++) {
            if (random.nextInt(3) > 0) {
                int queues = random.nextInt(3);
                long sequence = playing.begin(queues);
                if (queues == 0) {
                    settled.set((int) sequence);
                }
                for (int i = 0; i < queues; i++) {
                    open.add(sequence);
                }
            } else if (!open.isEmpty()) {
                long sequence = open.remove(random.nextInt(open.size()));
                boolean refuse = random.nextInt(5) == 0;
                if (refuse) {
                    refused.set((int) sequence);
                    playing.refused(sequence, sequence, FULL);
                } else {
                    playing.stored(sequence, sequence);
                }
                settled.set((int) sequence, !open.contains(sequence));
            }
            if (random.nextInt(4) == 0) {
                playing.report(checking);
            }
        }
        for (Long sequence : open) {
            playing.stored(sequence, sequence);
            settled.set(sequence.intValue());
        }
        playing.report(checking);
        assertThat(told).isEqualTo(settled);
    }

    private void begin(int... queueCounts) {
        for (int queues : queueCounts) {
            confirms.begin(queues);
        }
    }

    private void assertReported(String... expected) {
        reported.clear();
        confirms.report(report);
        assertThat(reported).containsExactly(expected);
    }
}
