package dev.sluice.log;

import java.util.List;
import java.util.Map;

/**
 * What {@link StorageCheck} found in a data folder. Immutable.
 *
 * @param logs by id
 * @param damages of the folder as a whole, each a sentence for people: with one of these no broker starts on it
 * @param metadata the keys and values of the metadata file, as far as it could be read; the arrays are not to be changed
 * @param unnamedFiles segment files that no log names; the next start deletes them
 */
public record StorageReport(
        List<Log> logs, List<String> damages, Map<String, byte[]> metadata, List<String> unnamedFiles) {

    /**
     * One log.
     *
     * @param startOffset nothing below is needed
     * @param endOffset the offset of the next record
     * @param segmentBytes of its segment files, as far as they count
     * @param damages each a sentence for people: the log does not open, or cannot be read there
     */
    public record Log(
            LogId id, long startOffset, long endOffset, int segments, long segmentBytes, List<String> damages) {}

    public boolean isSound() {
        return damages.isEmpty() && damagedLogs() == 0;
    }

    public int damagedLogs() {
        return (int) logs.stream().filter(log -> !log.damages().isEmpty()).count();
    }
}
