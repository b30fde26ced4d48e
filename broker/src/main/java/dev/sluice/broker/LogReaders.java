package dev.sluice.broker;

import dev.sluice.log.PartitionLog;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads records of one log in several places by turns: a few readers, each of which keeps what it read last, so that nothing is fetched again as long as there are not more places. Made when they are needed. Confined to the log's owner.
 */
final class LogReaders implements AutoCloseable {
    /** They hold a fetch each, so some 2 MB at the most, or a batch that is in memory anyway. */
    static final int MOST = 8;

    private final PartitionLog log;
    private final Runnable fetched;
    /** The one that was used last comes last. */
    private final List<LogReader> readers = new ArrayList<>(0);

    LogReaders(PartitionLog log, Runnable fetched) {
        this.log = log;
        this.fetched = fetched;
    }

    /** The reader that has the offset, or is on the way to it; if none is, one that may be sent there. */
    LogReader at(long offset) {
        for (int i = readers.size() - 1; i >= 0; i--) {
            if (readers.get(i).isAt(offset)) {
                return use(i);
            }
        }
        if (readers.size() < MOST) {
            readers.add(new LogReader(log, fetched));
            return readers.getLast();
        }
        return use(0);
    }

    private LogReader use(int index) {
        if (index == readers.size() - 1) {
            return readers.get(index);
        }
        LogReader reader = readers.remove(index);
        readers.add(reader);
        return reader;
    }

    void release() {
        readers.forEach(LogReader::release);
    }

    void retry() {
        readers.forEach(LogReader::retry);
    }

    @Override
    public void close() {
        readers.forEach(LogReader::close);
    }
}
