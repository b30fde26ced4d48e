package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.broker.ProducerStates.Verdict;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which batch is the next of its producer, which came before, and which has no place. */
class ProducerStatesTest {
    private static final long PRODUCER = 7;
    private static final long NOW_MS = 1_700_000_000_000L;
    private static final int TEN = 10;

    private long durable = Long.MAX_VALUE;
    private long end;
    private final ProducerStates states = new ProducerStates(3, () -> durable);

    /** A producer that has sent two batches of ten records in epoch 5: 0 to 9 at offset 100, and 10 to 19 at offset 110. */
    @ParameterizedTest
    @CsvSource({
        "5, 20, 29, APPEND",
        "5, 20, 20, APPEND",
        "5, 10, 19, 110",
        "5, 0, 9, 100",
        "5, 0, 19, OUT_OF_ORDER_SEQUENCE",
        "5, 10, 29, OUT_OF_ORDER_SEQUENCE",
        "5, 15, 19, OUT_OF_ORDER_SEQUENCE",
        "5, 21, 30, OUT_OF_ORDER_SEQUENCE",
        "5, 30, 39, OUT_OF_ORDER_SEQUENCE",
        "6, 0, 9, APPEND",
        "6, 20, 29, OUT_OF_ORDER_SEQUENCE",
        "6, 10, 19, OUT_OF_ORDER_SEQUENCE",
        "9, 0, 9, APPEND",
        "4, 0, 9, OLD_PRODUCER_EPOCH",
        "4, 20, 29, OLD_PRODUCER_EPOCH",
    })
    void tellsTheNextBatchFromThoseBefore(short epoch, int first, int last, String expected) {
        end = 100;
        append(PRODUCER, 5, 0, TEN);
        append(PRODUCER, 5, 10, TEN);
        assertThat(told(new ProducerBatch(PRODUCER, epoch, first, last, 0))).isEqualTo(expected);
    }

    @Test
    void whoIsNotKnownMayBeginAnywhere() {
        assertThat(told(batch(PRODUCER, 3, 17, TEN))).isEqualTo("APPEND");
        append(PRODUCER, 3, 17, TEN);
        assertThat(told(batch(PRODUCER, 3, 0, TEN))).isEqualTo("OUT_OF_ORDER_SEQUENCE");
        assertThat(told(batch(PRODUCER, 3, 27, TEN))).isEqualTo("APPEND");
    }

    @Test
    void afterTheLargestNumberComesZero() {
        append(PRODUCER, 0, Integer.MAX_VALUE - 4, 3);
        ProducerBatch around = batch(PRODUCER, 0, Integer.MAX_VALUE - 1, 5);
        assertThat(around.lastSequence()).isEqualTo(2);
        assertThat(around.endOffset()).isEqualTo(around.baseOffset() + 5);
        assertThat(told(around)).isEqualTo("APPEND");
        append(PRODUCER, 0, Integer.MAX_VALUE - 1, 5);
        assertThat(told(around)).isEqualTo("3");
        assertThat(told(batch(PRODUCER, 0, 3, 1))).isEqualTo("APPEND");

        append(8, 0, Integer.MAX_VALUE, 1);
        assertThat(told(batch(8, 0, 0, 1))).isEqualTo("APPEND");
    }

    @Test
    void remembersTheLastFiveBatchesOfEach() {
        for (int i = 0; i < 7; i++) {
            append(PRODUCER, 0, i * TEN, TEN);
        }
        assertThat(told(batch(PRODUCER, 0, 10, TEN))).isEqualTo("OUT_OF_ORDER_SEQUENCE");
        assertThat(told(batch(PRODUCER, 0, 20, TEN))).isEqualTo("20");
        assertThat(told(batch(PRODUCER, 0, 60, TEN))).isEqualTo("60");
    }

    @Test
    void aNewEpochForgetsTheBatchesBefore() {
        append(PRODUCER, 0, 0, TEN);
        append(PRODUCER, 1, 0, 3);
        assertThat(told(batch(PRODUCER, 1, 0, TEN))).isEqualTo("OUT_OF_ORDER_SEQUENCE");
        assertThat(told(batch(PRODUCER, 1, 0, 3))).isEqualTo("10");
        assertThat(told(batch(PRODUCER, 0, 10, 3))).isEqualTo("OLD_PRODUCER_EPOCH");
    }

    @Test
    void nothingOvertakesTheFirstBatchThatWasNotTaken() {
        states.notAppended(batch(PRODUCER, 2, 0, TEN), NOW_MS);
        assertThat(told(batch(PRODUCER, 2, 10, TEN))).isEqualTo("OUT_OF_ORDER_SEQUENCE");
        assertThat(told(batch(PRODUCER, 2, 0, TEN))).isEqualTo("APPEND");
        assertThat(told(batch(PRODUCER, 3, 0, 1))).isEqualTo("APPEND");
        append(PRODUCER, 2, 0, TEN);
        states.notAppended(batch(PRODUCER, 2, 10, TEN), NOW_MS);
        assertThat(told(batch(PRODUCER, 2, 20, TEN))).isEqualTo("OUT_OF_ORDER_SEQUENCE");
        assertThat(told(batch(PRODUCER, 2, 10, TEN))).isEqualTo("APPEND");
    }

    @Test
    void forgetsWhoWasSilentForADay() {
        append(PRODUCER, 0, 0, TEN);
        long almost = NOW_MS + ProducerStates.FORGOTTEN_AFTER_MS - 1;
        assertThat(states.verdict(batch(PRODUCER, 0, 20, TEN), almost)).isInstanceOf(Verdict.Refused.class);
        states.add(batch(8, 0, 0, TEN), almost);
        assertThat(states.verdict(batch(PRODUCER, 0, 20, TEN), almost + 1)).isInstanceOf(Verdict.Append.class);
        assertThat(states.size()).isEqualTo(1);
    }

    @Test
    void forgetsWhoWasSilentForTheLongestWhenThereAreTooMany() {
        append(1, 0, 0, TEN);
        append(2, 0, 0, TEN);
        append(3, 0, 0, TEN);
        append(1, 0, 10, TEN);
        append(4, 0, 0, TEN);
        assertThat(states.status()).extracting(ProducerStatus::producerId).containsExactly(3L, 1L, 4L);
        assertThat(states.status().get(1)).isEqualTo(new ProducerStatus(1, (short) 0, 19, NOW_MS));
    }

    /** However many batches are under way, what a crash goes back to is there to be noted. */
    @Test
    void keepsTheLastBatchThatIsDurable() {
        durable = 20;
        for (int i = 0; i < 9; i++) {
            append(PRODUCER, i < 3 ? 0 : 1, i % 3 * TEN, TEN);
        }
        assertThat(durableAbove(-1)).containsExactly(10L);
        durable = 40;
        append(PRODUCER, 1, 60, TEN);
        assertThat(durableAbove(-1)).containsExactly(30L);
        durable = 100;
        append(PRODUCER, 1, 70, TEN);
        assertThat(durableAbove(-1)).containsExactly(60L, 70L, 80L, 90L);
        assertThat(durableAbove(80)).containsExactly(80L, 90L);
        assertThat(durableAbove(100)).isEmpty();
    }

    private void append(long producer, int epoch, int first, int count) {
        states.add(batch(producer, epoch, first, count), NOW_MS);
        end += count;
    }

    private ProducerBatch batch(long producer, int epoch, int first, int count) {
        return new ProducerBatch(producer, (short) epoch, first, first + count - 1 & Integer.MAX_VALUE, end);
    }

    private String told(ProducerBatch batch) {
        return switch (states.verdict(batch, NOW_MS)) {
            case Verdict.Append append -> "APPEND";
            case Verdict.Duplicate duplicate -> String.valueOf(duplicate.baseOffset());
            case Verdict.Refused refused -> refused.reason().toString();
        };
    }

    private List<Long> durableAbove(long from) {
        var offsets = new ArrayList<Long>();
        states.forEachDurableAbove(from, (batch, lastMs) -> offsets.add(batch.baseOffset()));
        return offsets;
    }
}
