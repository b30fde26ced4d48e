package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Locks of keys, without a queue around them. */
class KeyOrderTest {
    private static final long ANNA = 1;
    private static final long BERT = 2;
    private static final int MOST = 100;

    private final List<Long> broughtBack = new ArrayList<>();
    private final PassedOver passedOver = new PassedOver(2, MOST);
    private final KeyOrder keys = new KeyOrder(passedOver, broughtBack::add);

    @Test
    void aKeyIsLockedUntilItsRecordIsSettled() {
        keys.delivered(at(0), ANNA);
        assertThat(keys.admits(at(1), ANNA)).isFalse();
        assertThat(keys.admits(at(1), BERT)).isTrue();
        assertThat(keys.admits(at(1), OrderingKey.NONE)).isTrue();
        assertThat(keys.admits(at(0), ANNA)).as("it came back").isTrue();
        keys.left(at(0));
        assertThat(keys.admits(at(1), ANNA)).isTrue();
        assertThat(keys.size()).isZero();
    }

    @Test
    void onlyTheFirstThatWaitsIsBroughtBack() {
        keys.delivered(at(0), ANNA);
        passOver(at(3), at(1), at(2));
        keys.left(at(0));
        assertThat(broughtBack).containsExactly(at(1));
        assertThat(passedOver.countOf(0)).isEqualTo(2);
        assertThat(keys.admits(at(1), ANNA)).isTrue();
        assertThat(keys.admits(at(4), ANNA)).as("others wait before it").isFalse();
        keys.delivered(at(1), ANNA);
        keys.left(at(1));
        assertThat(broughtBack).containsExactly(at(1), at(2));
    }

    @Test
    void whatLeavesWithoutADeliveryMakesRoomToo() {
        keys.delivered(at(0), ANNA);
        passOver(at(1), at(2));
        keys.left(at(0));
        keys.left(at(1)); // it expired, say
        assertThat(broughtBack).containsExactly(at(1), at(2));
        keys.left(at(2));
        assertThat(keys.size()).isZero();
    }

    @Test
    void whatWasDroppedMeanwhileIsNotBroughtBack() {
        keys.delivered(at(0), ANNA);
        passOver(at(1), at(2));
        passedOver.drop(at(1));
        keys.left(at(1));
        keys.left(at(0));
        assertThat(broughtBack).containsExactly(at(2));
    }

    @Test
    void whatIsToBeServedBeforeTheNextIsBroughtBackToo() {
        keys.delivered(at(0), ANNA);
        passOver(at(2));
        keys.left(at(0));
        long urgent = RecordPlace.of(1, 0);
        keys.delivered(urgent, ANNA); // before the other had its turn
        long moreUrgent = RecordPlace.of(1, 1);
        passOver(moreUrgent);
        keys.left(urgent);
        assertThat(broughtBack).containsExactly(at(2), moreUrgent);
        assertThat(keys.admits(at(2), ANNA)).isTrue();
        keys.delivered(moreUrgent, ANNA);
        passOver(at(2));
        keys.left(moreUrgent);
        assertThat(broughtBack).containsExactly(at(2), moreUrgent, at(2));
    }

    @Test
    void aRecordThatBecameDueGoesBeforeThoseBehindIt() {
        keys.delivered(at(0), ANNA);
        passOver(at(5));
        keys.left(at(0));
        keys.delivered(at(2), ANNA); // was delayed, and is due just now
        passOver(at(3));
        keys.left(at(2));
        assertThat(broughtBack).containsExactly(at(5), at(3));
        keys.delivered(at(3), ANNA);
        assertThat(keys.admits(at(5), ANNA)).isFalse();
        passOver(at(5));
        keys.left(at(3));
        assertThat(broughtBack).containsExactly(at(5), at(3), at(5));
    }

    @Test
    void aPurgeLeavesOnlyTheLocks() {
        keys.delivered(at(0), ANNA);
        passOver(at(1));
        keys.delivered(at(2), BERT);
        keys.forgetWaiting();
        passedOver.dropBelow(0, 10, (first, last) -> {});
        keys.left(at(0));
        assertThat(broughtBack).isEmpty();
        assertThat(keys.size()).isEqualTo(1);
        assertThat(keys.admits(at(3), BERT)).isFalse();
    }

    /** A queue at its limit whose key stays locked. */
    @Test
    void memoryIsBoundedHoweverManyAreDropped() {
        keys.delivered(at(0), ANNA);
        for (int i = 1; i <= 100 * MOST; i++) {
            passOver(at(i));
            assertThat(keys.kept()).isLessThanOrEqualTo(2 * MOST + 1);
            if (i % 2 == 0) {
                passedOver.drop(at(i - 1));
                passedOver.drop(at(i));
            }
        }
        assertThat(passedOver.countOf(0)).isZero();
        keys.left(at(0));
        assertThat(keys.size()).isZero();
    }

    private static long at(long offset) {
        return RecordPlace.of(0, offset);
    }

    private void passOver(long... places) {
        for (long place : places) {
            keys.waits(place, ANNA);
        }
    }
}
