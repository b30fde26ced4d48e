package dev.sluice.broker;

/**
 * Where a record stands in its queue. Immutable. As text the offset alone for priority 0, and otherwise the priority, a colon and the offset: {@code 5:4711}.
 *
 * @param priority of the lane that has the record, 0 in a queue without priorities
 * @param offset in that lane
 */
public record RecordPosition(int priority, long offset) {
    public RecordPosition {
        if (priority < 0 || priority > RecordAttributes.MOST_PRIORITY || offset < 0) {
            throw new IllegalArgumentException("a priority from 0 to " + RecordAttributes.MOST_PRIORITY
                    + " and an offset from 0 on were expected, not " + priority + " and " + offset);
        }
    }

    /** Reads what {@link #toString} writes. */
    public static RecordPosition parse(String text) {
        int colon = text.indexOf(':');
        try {
            return new RecordPosition(
                    colon < 0 ? 0 : Integer.parseInt(text.substring(0, colon)),
                    Long.parseLong(text.substring(colon + 1)));
        } catch (NumberFormatException noNumber) {
            throw new IllegalArgumentException(
                    "an offset such as 4711, or a priority and an offset such as 5:4711, was expected, not " + text,
                    noNumber);
        }
    }

    @Override
    public String toString() {
        return priority == 0 ? Long.toString(offset) : priority + ":" + offset;
    }
}
