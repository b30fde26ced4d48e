package dev.sluice.broker;

import java.util.List;

/**
 * What happened to the records that somebody asked for, as far as it is remembered. Immutable.
 *
 * @param events as they happened
 * @param isWhole false if there are more events, or more records, than can be told at once
 * @param leftOut events of any queue of the same shard that were not written since the broker was started, as there was no room for them; unless it is 0, some may be missing
 */
public record Story(List<StoryEvent> events, boolean isWhole, long leftOut) {
    public Story {
        events = List.copyOf(events);
    }
}
