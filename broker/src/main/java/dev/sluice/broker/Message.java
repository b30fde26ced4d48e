package dev.sluice.broker;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an application publishes and receives. Immutable as long as nobody writes into the arrays.
 *
 * @param body any bytes
 * @param headers names and values; names that begin with {@code sluice.} are the broker's own and are left out
 * @param key what the message is about, for order and compaction; null for none
 * @param attributes what is asked of the broker; of a message that is received, they are not filled in
 * @param deduplicationId what tells it from others where it is published again, in queues that remember ids; null for none. Not filled in of a message that is received
 */
@SuppressWarnings("ArrayRecordComponent") // a copy of every body would be the larger evil; equality is not used
public record Message(
        byte[] body,
        Map<String, String> headers,
        byte @Nullable [] key,
        RecordAttributes attributes,
        @Nullable String deduplicationId) {
    public Message {
        headers = Map.copyOf(headers);
    }

    public Message(byte[] body, Map<String, String> headers, byte @Nullable [] key) {
        this(body, headers, key, RecordAttributes.NONE, null);
    }

    public Message withAttributes(RecordAttributes newAttributes) {
        return new Message(body, headers, key, newAttributes, deduplicationId);
    }

    /** {@code newKey}: in UTF-8, what the message is about. */
    public Message withKey(String newKey) {
        return new Message(body, headers, newKey.getBytes(StandardCharsets.UTF_8), attributes, deduplicationId);
    }

    /** A queue with a {@link QueueProperty#DEDUPLICATION_WINDOW} that remembers this id does not store the message again, and confirms it. */
    public Message withDeduplicationId(String newId) {
        return new Message(body, headers, key, attributes, newId);
    }

    /** A message with this text in UTF-8 and nothing else. */
    public static Message of(String text) {
        return new Message(text.getBytes(StandardCharsets.UTF_8), Map.of(), null);
    }

    /** The body as UTF-8. */
    public String text() {
        return new String(body, StandardCharsets.UTF_8);
    }
}
