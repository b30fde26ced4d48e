package dev.sluice.broker;

/**
 * What a partition knows of a producer that numbers its batches. Immutable.
 *
 * @param lastSequence number of the last record that it got
 * @param lastMs when that came, in milliseconds since 1970
 */
public record ProducerStatus(long producerId, short epoch, int lastSequence, long lastMs) {}
