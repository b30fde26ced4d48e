package dev.sluice.broker;

/**
 * Something that people should know and may have to act on, for as long as it is so. Immutable.
 *
 * @param subject what it is about: a resource of the node, or a queue
 * @param step how bad it is
 * @param sinceMs since when, in milliseconds since the epoch
 * @param text for people, in one line
 */
public record Alert(String subject, ResourceStatus.Step step, long sinceMs, String text) {}
