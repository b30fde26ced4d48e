package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.PriorityQueue;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WaitingPlacesTest {
    @Test
    void givesTheFirstFirstWhateverTheOrderTheyCameIn() {
        for (long seed = 1; seed <= 20; seed++) {
            var random = new Random(seed);
            var places = new WaitingPlaces();
            var expected = new PriorityQueue<Long>();
            for (int i = 0; i < 5_000; i++) {
                if (expected.isEmpty() || random.nextInt(5) < (i < 2_500 ? 3 : 2)) {
                    long place = RecordPlace.of(random.nextInt(3), random.nextInt(1 << 20));
                    places.add(place);
                    expected.add(place);
                } else if (random.nextInt(200) == 0) {
                    places.retainIf(place -> place % 3 != 0);
                    expected.removeIf(place -> place % 3 == 0);
                } else {
                    assertThat(places.first()).as("seed %d", seed).isEqualTo(expected.peek());
                    assertThat(places.poll()).isEqualTo(expected.poll());
                }
                assertThat(places.size()).isEqualTo(expected.size());
                assertThat(places.isEmpty()).isEqualTo(expected.isEmpty());
            }
        }
    }

    @Test
    void higherLanesComeFirstAndThenLowerOffsets() {
        var places = new WaitingPlaces();
        places.add(RecordPlace.of(0, 1));
        places.add(RecordPlace.of(255, 9));
        places.add(RecordPlace.of(255, 3));
        long first = places.poll();
        assertThat(RecordPlace.lane(first)).isEqualTo(255);
        assertThat(RecordPlace.offset(first)).isEqualTo(3);
        assertThat(RecordPlace.offset(places.poll())).isEqualTo(9);
        long last = places.poll();
        assertThat(RecordPlace.lane(last)).isZero();
        assertThat(last).isGreaterThanOrEqualTo(RecordPlace.firstOf(0));
    }
}
