package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Shares and turns, without a queue around them. */
class FairOrderTest {
    private static final int MOST = 100;
    private static final int MOST_SHARES = 5;
    private static final long ANNA = 1;
    private static final long BERT = 2;

    private final PassedOver passedOver = new PassedOver(1, MOST);
    private final FairOrder order = new FairOrder(1, passedOver, MOST_SHARES);
    private final Set<Long> beingRead = new HashSet<>();
    private long found;

    @Test
    void turnsGoRound() {
        waits(ANNA, 0, 1, 2, 3);
        waits(BERT, 4, 5);
        assertThat(served(6)).containsExactly(0L, 4L, 1L, 5L, 2L, 3L);
        assertThat(order.size()).isZero();
    }

    @Test
    void whoHasFewerInFlightIsNext() {
        waits(ANNA, 0, 1, 2);
        take();
        take();
        waits(BERT, 3, 4, 5);
        assertThat(take()).isEqualTo(3);
        assertThat(take()).isEqualTo(4);
        assertThat(take()).as("two each, and it was served longer ago").isEqualTo(2);
        order.left(at(0));
        order.returned(at(1));
        assertThat(take()).as("two against one").isEqualTo(5);
    }

    @Test
    void whatCannotBeHadAtOnceDoesNotHoldUpOthers() {
        waits(ANNA, 0, 1);
        waits(BERT, 2);
        beingRead.add(0L);
        assertThat(take()).isEqualTo(2);
        assertThat(order.choose(0, this::toRecord)).isFalse();
        beingRead.clear();
        assertThat(take()).isZero();
    }

    @Test
    void whatWasDroppedIsNotServed() {
        waits(ANNA, 0, 1);
        waits(BERT, 2);
        passedOver.drop(at(0));
        passedOver.drop(at(2));
        assertThat(take()).isEqualTo(1);
        assertThat(order.choose(0, this::toRecord)).isFalse();
        assertThat(order.size()).isEqualTo(1);
    }

    @Test
    void beyondSoManySharesAllOthersHaveOne() {
        for (int i = 0; i < 3 * MOST_SHARES; i++) {
            waits(100 + i, i);
        }
        assertThat(order.size()).isEqualTo(MOST_SHARES + 1);
        assertThat(served(3 * MOST_SHARES)).hasSize(3 * MOST_SHARES);
        assertThat(order.size()).isZero();
    }

    @Test
    void memoryIsBoundedHoweverManyAreDropped() {
        for (int i = 0; i < 100 * MOST; i++) {
            waits(ANNA, i);
            assertThat(order.kept()).isLessThanOrEqualTo(2 * MOST);
            passedOver.drop(at(i));
        }
        assertThat(order.choose(0, this::toRecord)).isFalse();
        assertThat(order.size()).isZero();
    }

    /** Each is settled before the next is chosen. */
    private List<Long> served(int count) {
        var offsets = new ArrayList<Long>();
        for (int i = 0; i < count; i++) {
            long offset = take();
            offsets.add(offset);
            order.left(at(offset));
        }
        return offsets;
    }

    private long take() {
        assertThat(order.choose(0, this::toRecord)).isTrue();
        passedOver.remove(at(found));
        order.delivered(at(found), OrderingKey.NONE);
        return found;
    }

    private boolean toRecord(long offset) {
        found = offset;
        return !beingRead.contains(offset);
    }

    private void waits(long number, long... offsets) {
        for (long offset : offsets) {
            order.waits(at(offset), number);
        }
    }

    private static long at(long offset) {
        return RecordPlace.of(0, offset);
    }
}
