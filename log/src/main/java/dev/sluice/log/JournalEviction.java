package dev.sluice.log;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Moves out of a journal file what one owner's logs still need of it, so that the file can be used again. Stateless; runs on
 * the owner thread.
 *
 * <p>Large tails go to segments. Small remainders are copied to the front of the journal instead: one stuck record then
 * costs its own size each time the journal comes round, and ten thousand nearly empty queues cost no files.
 */
final class JournalEviction {
    private record Remainder(PartitionLog log, long bytes) {}

    private JournalEviction() {}

    /**
     * Starts it; the file tells when nobody holds it any more.
     *
     * @param urgent whether entries have to leave, or only what costs nothing
     * @param copyBytes how much may be copied forward at most
     */
    static void leave(JournalFile file, List<PartitionLog> logs, boolean urgent, long copyBytes) {
        List<Remainder> remainders = new ArrayList<>();
        for (PartitionLog log : logs) {
            if (log.isClosed()) {
                continue;
            }
            long bytes = log.store().bytesInJournalFile(file);
            if (bytes == 0) {
                log.store().saveEnd(file);
            } else {
                remainders.add(new Remainder(log, bytes));
            }
        }
        if (!urgent) {
            return;
        }
        remainders.sort(Comparator.comparingLong(Remainder::bytes));
        long copied = 0;
        for (Remainder remainder : remainders) {
            copied += remainder.bytes;
            if (copied <= copyBytes) {
                remainder.log.store().copyForward(file);
            } else {
                remainder.log.store().moveTail();
            }
        }
    }
}
