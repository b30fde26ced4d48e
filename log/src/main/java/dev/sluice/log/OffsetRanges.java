package dev.sluice.log;

import java.util.Map;
import java.util.TreeMap;

/** A set of offsets, kept as disjoint ranges that never touch. Confined to one thread. */
final class OffsetRanges {
    /** First offset to last offset, both included. */
    private final TreeMap<Long, Long> ranges = new TreeMap<>();

    private long count;

    boolean isEmpty() {
        return ranges.isEmpty();
    }

    int rangeCount() {
        return ranges.size();
    }

    /** How many offsets are in the set. */
    long count() {
        return count;
    }

    void add(long first, long last) {
        long from = first;
        long to = last;
        Map.Entry<Long, Long> below = ranges.floorEntry(first);
        if (below != null && below.getValue() >= first - 1) {
            from = below.getKey();
            to = Math.max(to, below.getValue());
        }
        Map.Entry<Long, Long> next = ranges.ceilingEntry(from);
        while (next != null && next.getKey() <= to + 1) {
            to = Math.max(to, next.getValue());
            count -= next.getValue() - next.getKey() + 1;
            ranges.remove(next.getKey());
            next = ranges.ceilingEntry(from);
        }
        ranges.put(from, to);
        count += to - from + 1;
    }

    void addAll(OffsetRanges others) {
        others.ranges.forEach(this::add);
    }

    /** Takes the offsets of a range out; both ends included. */
    void remove(long first, long last) {
        Map.Entry<Long, Long> range = ranges.floorEntry(last);
        while (range != null && range.getValue() >= first) {
            long from = range.getKey();
            long to = range.getValue();
            ranges.remove(from);
            count -= to - from + 1;
            if (to > last) {
                add(last + 1, to);
            }
            if (from < first) {
                add(from, first - 1);
            }
            range = ranges.lowerEntry(from);
        }
    }

    /** Whether every offset of the range is in the set. */
    boolean covers(long first, long last) {
        Map.Entry<Long, Long> below = ranges.floorEntry(first);
        return below != null && below.getValue() >= last;
    }

    /** How many offsets of the range are in the set. */
    long countWithin(long first, long last) {
        if (first > last) {
            return 0;
        }
        long within = 0;
        Map.Entry<Long, Long> below = ranges.lowerEntry(first);
        if (below != null && below.getValue() >= first) {
            within += Math.min(last, below.getValue()) - first + 1;
        }
        for (Map.Entry<Long, Long> range :
                ranges.subMap(first, true, last, true).entrySet()) {
            within += Math.min(last, range.getValue()) - range.getKey() + 1;
        }
        return within;
    }

    /** Forgets everything below the offset. */
    void removeBelow(long before) {
        Map.Entry<Long, Long> range = ranges.firstEntry();
        while (range != null && range.getKey() < before) {
            ranges.pollFirstEntry();
            count -= range.getValue() - range.getKey() + 1;
            if (range.getValue() >= before) {
                ranges.put(before, range.getValue());
                count += range.getValue() - before + 1;
            }
            range = ranges.firstEntry();
        }
    }

    OffsetRanges copyOf(long first, long last) {
        OffsetRanges copy = new OffsetRanges();
        if (first > last) {
            return copy;
        }
        Map.Entry<Long, Long> below = ranges.lowerEntry(first);
        if (below != null && below.getValue() >= first) {
            copy.add(first, Math.min(last, below.getValue()));
        }
        ranges.subMap(first, true, last, true).forEach((from, to) -> copy.add(from, Math.min(last, to)));
        return copy;
    }
}
