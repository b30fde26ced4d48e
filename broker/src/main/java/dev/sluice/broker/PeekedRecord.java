package dev.sluice.broker;

import dev.sluice.log.RecordCursor;
import io.netty.buffer.ByteBufUtil;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A copy of a stored record. Immutable as long as nobody writes into the arrays.
 *
 * @param key null for none
 * @param headers those of its publisher, values as text
 * @param body the beginning of it, as far as was asked for
 * @param bodyBytes how long the whole body is
 * @param exchange to which it was published
 * @param routingKey with which it was published
 * @param timestampMs when the queue got it, in milliseconds since 1970
 * @param deliveryCount how often it was delivered and came back
 * @param redelivered whether the next consumer is told that it may have been delivered before
 * @param ttlMs milliseconds that its publisher lets it wait, {@link QueueSettings#UNLIMITED} for as long as its queue allows
 * @param deaths of a dead letter: which queues it left unprocessed, the last first
 */
@SuppressWarnings("ArrayRecordComponent") // as in Message
public record PeekedRecord(
        RecordPosition position,
        State state,
        byte @Nullable [] key,
        Map<String, String> headers,
        byte[] body,
        int bodyBytes,
        String exchange,
        String routingKey,
        long timestampMs,
        int deliveryCount,
        boolean redelivered,
        long ttlMs,
        List<Death> deaths) {
    /** Where a record is that is not settled. */
    public enum State {
        /** It waits for a consumer. */
        READY,
        /** A consumer has it, or it is on its way to another queue. */
        IN_FLIGHT,
        /** It is not due yet. */
        HELD_BACK
    }

    public PeekedRecord {
        headers = Map.copyOf(headers);
        deaths = List.copyOf(deaths);
    }

    /** A record that is not settled. What is in flight may in fact be {@link State#HELD_BACK}: that is known to {@link Lane#heldBack} only. */
    static PeekedRecord copyOf(Lane lane, RecordCursor record, int mostBodyBytes, long nowMs) {
        Backlog backlog = lane.backlog();
        long offset = record.offset();
        RecordAttributes attributes = RecordAttributes.of(record);
        boolean isDue = attributes.isDue(record.timestampMs(), nowMs);
        int bodyBytes = Math.max(0, record.valueLength());
        RouteHeader.Place route = RouteHeader.of(record).or(lane.queue().spec().address());
        DeathHistory history = DeathHistory.of(record);
        return new PeekedRecord(
                new RecordPosition(lane.index(), offset),
                !backlog.isReady(offset) ? State.IN_FLIGHT : isDue ? State.READY : State.HELD_BACK,
                RecordCodec.key(record),
                RecordCodec.userHeaders(record),
                ByteBufUtil.getBytes(record.buffer(), record.valueIndex(), Math.min(bodyBytes, mostBodyBytes)),
                bodyBytes,
                route.exchange(),
                route.routingKey(),
                record.timestampMs(),
                backlog.cursor().deliveryCount(offset),
                backlog.cursor().mayHaveBeenDelivered(offset),
                attributes.ttlMs(),
                history == null ? List.of() : history.deaths());
    }

    PeekedRecord as(State newState) {
        return new PeekedRecord(
                position,
                newState,
                key,
                headers,
                body,
                bodyBytes,
                exchange,
                routingKey,
                timestampMs,
                deliveryCount,
                redelivered,
                ttlMs,
                deaths);
    }
}
