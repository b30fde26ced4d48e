package dev.sluice.broker;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Some records of a queue, as they were while it looked at them. Immutable.
 *
 * @param records in the order in which they are served, but for what came back or is not due yet
 * @param looked how many records it looked at to find these
 * @param next where the next page begins; null if these are the last
 */
public record PeekPage(
        List<PeekedRecord> records, long looked, @Nullable RecordPosition next) {
    public PeekPage {
        records = List.copyOf(records);
    }
}
