package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.log.OffsetSet;
import io.netty.buffer.Unpooled;
import io.netty.util.collection.LongObjectHashMap;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CursorChangeTest {
    private static final int MOST = CursorChangeWriter.MOST_ENTRIES;
    private static final int MOST_BYTES = 33 + 16 * MOST;
    private static final long QUEUE = 77;
    private static final long FLOOR = 1000;
    private static final long DELIVERED_BELOW = 1_000_000_000L;

    @Test
    void nothingButTheFloorIsOneChange() {
        assertRoundTrip(0, 0, 1);
    }

    @Test
    void aChangeHoldsSoManyRangesAndCounts() {
        assertRoundTrip(MOST, 0, 1);
        assertRoundTrip(0, MOST, 1);
        assertRoundTrip(MOST - 10, 10, 1);
    }

    @Test
    void whatIsLargerIsSeveralChanges() {
        assertRoundTrip(MOST + 1, 0, 2);
        assertRoundTrip(MOST, 1, 2);
        assertRoundTrip(0, MOST + 1, 2);
        assertRoundTrip(3 * MOST + 5, 2 * MOST, 6);
    }

    private static void assertRoundTrip(int ranges, int counts, int changes) {
        var settled = new OffsetSet();
        for (int i = 0; i < ranges; i++) {
            settled.add(FLOOR + 1 + 7L * i, FLOOR + 3 + 7L * i);
        }
        var deliveryCounts = new LongObjectHashMap<Integer>();
        for (int i = 0; i < counts; i++) {
            deliveryCounts.put(FLOOR + 4 + 7L * i, (Integer) (i % 5 + 1));
        }
        List<byte[]> records = write(settled, deliveryCounts);
        assertThat(records).hasSize(changes).allMatch(record -> record.length <= MOST_BYTES);

        long seed = ranges * 31L + counts;
        Collections.shuffle(records, new Random(seed));
        records.add(records.getFirst());
        CursorState state = merge(records);
        assertThat(state.acknowledged.floor()).isEqualTo(FLOOR);
        assertThat(state.deliveredBelow).isEqualTo(DELIVERED_BELOW);
        assertThat(state.acknowledged.above()).as("seed %d", seed).hasToString(settled.toString());
        assertThat(state.deliveryCounts).as("seed %d", seed).hasSize(counts);
        state.deliveryCounts.forEach(
                (offset, count) -> assertThat(count).isEqualTo(deliveryCounts.get(offset.longValue())));
    }

    private static List<byte[]> write(OffsetSet settled, LongObjectHashMap<Integer> counts) {
        var records = new ArrayList<byte[]>();
        var writer = new CursorChangeWriter(record -> {
            byte[] value = new byte[record.readableBytes()];
            record.getBytes(record.readerIndex(), value);
            records.add(value);
        });
        writer.write(QUEUE, FLOOR, DELIVERED_BELOW, settled, counts);
        return records;
    }

    private static CursorState merge(List<byte[]> records) {
        var state = new CursorState();
        for (byte[] value : records) {
            long queue = SingleRecord.withValue(Unpooled.wrappedBuffer(value), record -> {
                CursorChange.merge(record, state);
                return CursorChange.queueId(record);
            });
            assertThat(queue).isEqualTo(QUEUE);
        }
        return state;
    }
}
