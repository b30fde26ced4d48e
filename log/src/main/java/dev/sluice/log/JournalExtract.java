package dev.sluice.log;

import java.util.List;

/**
 * The journal as it is at one moment. Immutable.
 *
 * @param lastSequence of the newest frame, which is durable
 * @param parts in the order of their frames
 */
record JournalExtract(long lastSequence, List<Part> parts) {
    /** The beginning of one file, up to the last frame in it. */
    record Part(String fileName, long bytes) {}
}
