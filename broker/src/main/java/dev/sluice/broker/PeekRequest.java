package dev.sluice.broker;

import org.jspecify.annotations.Nullable;

/**
 * What somebody wants to see of a queue. Immutable.
 *
 * @param from where to begin; null for the oldest record of the highest priority
 * @param most how many records, 1 to {@value #MOST_RECORDS}
 * @param filter which
 * @param bodyBytes how much of each body, 0 to {@value #MOST_BODY_BYTES}
 */
public record PeekRequest(@Nullable RecordPosition from, int most, RecordFilter filter, int bodyBytes) {
    public static final int MOST_RECORDS = 1000;
    public static final int MOST_BODY_BYTES = 1 << 20;

    public PeekRequest {
        if (most < 1 || most > MOST_RECORDS) {
            throw new IllegalArgumentException(
                    "from 1 to " + MOST_RECORDS + " records can be seen at once, not " + most);
        }
        if (bodyBytes < 0 || bodyBytes > MOST_BODY_BYTES) {
            throw new IllegalArgumentException(
                    "from 0 to " + MOST_BODY_BYTES + " bytes of a body can be seen, not " + bodyBytes);
        }
    }

    /** The first records of the queue with up to 4 KiB of their bodies. */
    public static PeekRequest first(int most) {
        return new PeekRequest(null, most, RecordFilter.ALL, 4 << 10);
    }

    /** Those behind a page. */
    public PeekRequest from(RecordPosition position) {
        return new PeekRequest(position, most, filter, bodyBytes);
    }

    public PeekRequest matching(RecordFilter newFilter) {
        return new PeekRequest(from, most, newFilter, bodyBytes);
    }
}
