package dev.sluice.broker;

import io.netty.buffer.ByteBufUtil;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whose story somebody wants to hear. Immutable.
 *
 * @param id given by the publisher: a message id or a deduplication id; null if it is not asked for
 * @param key of the record or, where it has none, its routing key; null if it is not asked for
 * @param position in the queue; null if it is not asked for
 * @param most how many events, 1 to {@value #MOST_EVENTS}
 */
public record StoryQuery(
        @Nullable String id, @Nullable String key, @Nullable RecordPosition position, int most) {
    public static final int MOST_EVENTS = 1000;

    private static final int ROUTING_KEY = 1;
    private static final int KEY = 2;
    private static final int ID = 3;
    private static final int DEDUPLICATION_ID = 4;

    public StoryQuery {
        if ((id == null ? 0 : 1) + (key == null ? 0 : 1) + (position == null ? 0 : 1) != 1) {
            throw new IllegalArgumentException("one of id, key and offset is asked for");
        }
        if (most < 1 || most > MOST_EVENTS) {
            throw new IllegalArgumentException("from 1 to " + MOST_EVENTS + " events can be told, not " + most);
        }
    }

    public static StoryQuery ofId(String id) {
        return new StoryQuery(id, null, null, MOST_EVENTS);
    }

    public static StoryQuery ofKey(String key) {
        return new StoryQuery(null, key, null, MOST_EVENTS);
    }

    public static StoryQuery at(RecordPosition position) {
        return new StoryQuery(null, null, position, MOST_EVENTS);
    }

    public StoryQuery atMost(int events) {
        return new StoryQuery(id, key, position, events);
    }

    /** What events are compared with, made once for a search. */
    Wanted wanted() {
        return new Wanted(
                id == null ? null : StoryNote.stored(id),
                id == null ? null : ByteBufUtil.hexDump(DeduplicationId.encode(id.getBytes(StandardCharsets.UTF_8))),
                key == null ? null : StoryNote.stored(key));
    }

    /** As they stand in events. */
    record Wanted(
            @Nullable String id,
            @Nullable String deduplicationId,
            @Nullable String key) {
        /** Whether it is asked for a record that was stored with these texts. */
        boolean isMetBy(List<String> texts) {
            if (key != null) {
                String itsKey = texts.get(KEY);
                return key.equals(itsKey.isEmpty() ? texts.get(ROUTING_KEY) : itsKey);
            }
            return id != null
                    && (id.equals(texts.get(ID))
                            || (texts.size() > DEDUPLICATION_ID
                                    && texts.get(DEDUPLICATION_ID).equals(deduplicationId)));
        }
    }
}
