package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** One number for lane, offset and how often the record was delivered before. */
class DeliveryIdTest {
    private static final long MOST_OFFSET = (1L << 48) - 1;

    @Test
    void keepsLaneAndOffsetApart() {
        long id = DeliveryId.of(DeliveryId.MOST_LANES - 1, MOST_OFFSET, 1_000_000);
        assertThat(DeliveryId.lane(id)).isEqualTo(DeliveryId.MOST_LANES - 1);
        assertThat(DeliveryId.offset(id)).isEqualTo(MOST_OFFSET);
    }

    @Test
    void theFirstDeliveryInTheOnlyLaneIsNamedByItsOffset() {
        assertThat(DeliveryId.of(0, 42, 0)).isEqualTo(42);
    }

    @Test
    void tellsDeliveriesOfOneRecordApart() {
        assertThat(DeliveryId.of(3, 42, 0)).isNotEqualTo(DeliveryId.of(3, 42, 1));
        assertThat(DeliveryId.of(3, 42, 63)).isNotEqualTo(DeliveryId.of(3, 42, 0));
    }
}
