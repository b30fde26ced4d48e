package dev.sluice.log;

/**
 * One segment of a chain, as the metadata knows it. Immutable.
 *
 * @param id names the file; never used twice
 * @param baseOffset offset of its first batch
 * @param lastOffset offset of its last record
 * @param bytes how much of the file counts; what lies behind was never finished
 * @param records how many records were written to it
 * @param maxTimestampMs no record has a later timestamp
 */
record SegmentRef(long id, long baseOffset, long lastOffset, long bytes, long records, long maxTimestampMs) {
    static final String FOLDER = "segments";

    String fileName() {
        return fileName(id);
    }

    static String fileName(long id) {
        return FOLDER + '/' + String.format("%016x", id);
    }
}
