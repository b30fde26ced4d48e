package dev.sluice.broker;

import dev.sluice.log.RecordCursor;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which records of a queue are meant: those that are everything that is asked for. Immutable.
 *
 * @param headers names and values of headers, compared as text
 * @param present names of headers that have to be there, with whatever value
 * @param key of the record, as text; null for any
 * @param routingKey with which it was published last; null for any
 * @param deathReason for which it died, at some time; null for any
 * @param deathQueue in which it died, at some time, and for that reason if one is asked for; null for any
 * @param fromMs it was published then or later, in milliseconds since 1970
 * @param beforeMs it was published earlier than then
 */
public record RecordFilter(
        Map<String, String> headers,
        Set<String> present,
        @Nullable String key,
        @Nullable String routingKey,
        @Nullable DeathReason deathReason,
        @Nullable String deathQueue,
        long fromMs,
        long beforeMs) {
    /** Every record. */
    public static final RecordFilter ALL =
            new RecordFilter(Map.of(), Set.of(), null, null, null, null, Long.MIN_VALUE, Long.MAX_VALUE);

    public RecordFilter {
        headers = Map.copyOf(headers);
        present = Set.copyOf(present);
    }

    public RecordFilter withHeader(String name, String value) {
        var more = new HashMap<>(headers);
        more.put(name, value);
        return new RecordFilter(more, present, key, routingKey, deathReason, deathQueue, fromMs, beforeMs);
    }

    public RecordFilter withHeaderPresent(String name) {
        var more = new HashSet<>(present);
        more.add(name);
        return new RecordFilter(headers, more, key, routingKey, deathReason, deathQueue, fromMs, beforeMs);
    }

    public RecordFilter withKey(String newKey) {
        return new RecordFilter(headers, present, newKey, routingKey, deathReason, deathQueue, fromMs, beforeMs);
    }

    public RecordFilter withRoutingKey(String newKey) {
        return new RecordFilter(headers, present, key, newKey, deathReason, deathQueue, fromMs, beforeMs);
    }

    public RecordFilter withDeathReason(DeathReason reason) {
        return new RecordFilter(headers, present, key, routingKey, reason, deathQueue, fromMs, beforeMs);
    }

    public RecordFilter withDeathQueue(String queue) {
        return new RecordFilter(headers, present, key, routingKey, deathReason, queue, fromMs, beforeMs);
    }

    public RecordFilter from(long timeMs) {
        return new RecordFilter(headers, present, key, routingKey, deathReason, deathQueue, timeMs, beforeMs);
    }

    public RecordFilter before(long timeMs) {
        return new RecordFilter(headers, present, key, routingKey, deathReason, deathQueue, fromMs, timeMs);
    }

    boolean matches(RecordCursor record) {
        return record.timestampMs() >= fromMs
                && record.timestampMs() < beforeMs
                && (key == null || hasText(record, record.keyIndex(), record.keyLength(), key))
                && (routingKey == null
                        || routingKey.equals(RouteHeader.of(record).routingKey()))
                && matchesDeaths(record)
                && matchesHeaders(record);
    }

    private boolean matchesDeaths(RecordCursor record) {
        if (deathReason == null && deathQueue == null) {
            return true;
        }
        DeathHistory history = DeathHistory.of(record);
        return history != null
                && history.deaths().stream()
                        .anyMatch(death -> (deathReason == null || deathReason == death.reason())
                                && (deathQueue == null || deathQueue.equals(death.queue())));
    }

    private boolean matchesHeaders(RecordCursor record) {
        for (Map.Entry<String, String> wanted : headers.entrySet()) {
            if (!has(record, wanted.getKey())
                    || !hasText(record, record.headerValueIndex(), record.headerValueLength(), wanted.getValue())) {
                return false;
            }
        }
        for (String name : present) {
            if (!has(record, name)) {
                return false;
            }
        }
        return true;
    }

    /** The broker's own headers are nobody's to ask for. */
    private static boolean has(RecordCursor record, String header) {
        return !header.startsWith(RouteHeader.RESERVED_PREFIX)
                && record.findHeader(header.getBytes(StandardCharsets.UTF_8));
    }

    private static boolean hasText(RecordCursor record, int index, int length, String text) {
        return length >= 0
                && record.buffer()
                        .toString(index, length, StandardCharsets.UTF_8)
                        .equals(text);
    }
}
