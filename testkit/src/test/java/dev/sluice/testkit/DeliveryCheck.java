package dev.sluice.testkit;

import static dev.sluice.testkit.BrokerModel.require;

import dev.sluice.broker.Death;
import dev.sluice.broker.DeathHistory;
import dev.sluice.broker.DeathReason;
import dev.sluice.broker.DeliveryId;
import dev.sluice.log.RecordCursor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Stateless. Whether a record may come to a consumer now, by all that the model knows. */
final class DeliveryCheck {
    /** A record that may not wait at all may have been on its way so long. */
    private static final int AT_ONCE_MS = 1_000;

    private DeliveryCheck() {}

    /** A consumer got the record. */
    static SimConsumer.Held delivered(
            BrokerModel model,
            SimConsumer consumer,
            long delivery,
            RecordCursor record,
            int count,
            boolean redelivered,
            boolean noAck) {
        CopyModel copy = find(model, consumer.queue, record);
        require(!copy.at.pauses.surelyHoldsConsumers(model.quietPoints()), copy + " comes while consuming is paused");
        requireTimes(model, copy, record);
        require(copy.end == null, "comes again: " + copy);
        require(copy.leaving == null, "comes again, though it left: " + copy);
        requireAlone(model, copy);
        requirePlace(copy, DeliveryId.lane(delivery), DeliveryId.offset(delivery));
        OrderCheck.delivered(model, consumer, copy, noAck);
        requireHistory(model, copy, count, redelivered);
        return takes(model, consumer, delivery, copy, count, noAck);
    }

    private static CopyModel find(BrokerModel model, QueueModel queue, RecordCursor record) {
        long id = Payload.id(record);
        DeathHistory history = DeathHistory.of(record);
        String origin = history == null ? queue.name : history.firstQueue();
        CopyModel copy = model.copy(id, origin);
        if (copy == null) {
            throw new AssertionError(
                    "queue " + queue.name + " has record " + id + ", which was not published to " + origin);
        }
        Payload.require(record, copy.valueBytes);
        follow(model, copy, queue, history == null ? List.of() : history.deaths());
        return copy;
    }

    /** The record came this way from where the model has it. */
    private static void follow(BrokerModel model, CopyModel copy, QueueModel queue, List<Death> deaths) {
        int news = deaths.size() - copy.left.size();
        require(news >= 0, copy + " is back in " + queue.name);
        for (int i = 0; i < copy.left.size(); i++) {
            Death death = deaths.get(news + i);
            CopyModel.Left known = copy.left.get(i);
            require(
                    known.queue().equals(death.queue()) && known.reason() == death.reason(),
                    copy + " tells another history: " + deaths + ", not " + copy.left);
        }
        for (int i = news - 1; i >= 0; i--) {
            died(model, copy, deaths.get(i));
        }
        require(copy.at == queue, copy + " is in queue " + queue.name);
        copy.mayHaveMoved = false;
    }

    private static void died(BrokerModel model, CopyModel copy, Death death) {
        QueueModel from = copy.at;
        QueueModel target = from.deadLetterTarget;
        DeathReason reason = death.reason();
        require(death.queue().equals(from.name), copy + " died in " + death.queue());
        SimConsumer.Held holder = copy.holder;
        boolean cameBack =
                holder == null ? from.closedFromAfar > 0 : holder.mayBeOverAt(death.timeMs()) && from.isLast(holder);
        require(
                copy.leaving == reason
                        || copy.mayHaveMoved
                        || (cameBack && reason == DeathReason.DELIVERY_LIMIT)
                        || from.mayGiveUp(copy, reason, death.timeMs()),
                copy + " died of " + death);
        require(copy.end == null, copy + " died too");
        require(holder == null || holder.mayBeOverAt(model.nowMs()), copy + " died while somebody had it: " + death);
        if (target == null) {
            throw new AssertionError(copy + " died and went where nobody said");
        }
        from.tally.isUncertain |= holder != null; // its lease was over, and nobody says so
        model.move(copy, target, reason, true);
        copy.earliestMs = death.timeMs();
    }

    private static void requireTimes(BrokerModel model, CopyModel copy, RecordCursor record) {
        long timestampMs = record.timestampMs();
        require(
                timestampMs >= copy.earliestMs && timestampMs <= copy.latestMs,
                copy + " has the time " + timestampMs + ", not from " + copy.earliestMs + " to " + copy.latestMs);
        copy.earliestMs = timestampMs;
        copy.latestMs = timestampMs;
        long dueMs = timestampMs + copy.attributes.delayMs();
        require(dueMs <= model.nowMs(), copy + " comes before its time " + dueMs);
        require(copy.notBeforeMs <= model.nowMs(), copy + " comes back before its time " + copy.notBeforeMs);
        long ttlMs = copy.ttlMs();
        boolean isOver = ttlMs >= 0 && dueMs + (ttlMs == 0 ? AT_ONCE_MS : ttlMs) <= model.quietMs();
        require(!isOver, copy + " comes after its time: " + dueMs + " and " + ttlMs + " ms");
        long mostMs = copy.at.dropsAtLimit() ? copy.at.settings.maxAgeMs() : -1;
        require(mostMs < 0 || dueMs + mostMs > model.quietMs(), copy + " is too old for its queue: " + dueMs);
    }

    private static void requireAlone(BrokerModel model, CopyModel copy) {
        SimConsumer.Held holder = copy.holder;
        if (holder != null) {
            require(holder.mayBeOverAt(model.nowMs()), "is with two consumers: " + holder);
            holder.isOver = true;
            copy.at.tally.isUncertain = true;
            copy.mostReturns = holder.count + 1;
        }
    }

    /** A record keeps its place, no other has it, and places are in the order of publishing. */
    private static void requirePlace(CopyModel copy, int lane, long offset) {
        require(lane == copy.lane, copy + " is in lane " + lane + ", not in " + copy.lane);
        require(copy.offset < 0 || copy.offset == offset, copy + " has another place: " + offset);
        copy.offset = offset;
        for (CopyModel other : copy.at.copies) {
            if (other == copy || other.lane != lane || other.offset < 0) {
                continue;
            }
            require(other.offset != offset || !other.isOwed(), copy + " has the place of " + other);
            boolean isComparable = copy.left.isEmpty()
                    && other.left.isEmpty()
                    && other.publishedOn == copy.publishedOn
                    && other.publishedInLife == copy.publishedInLife
                    && other.isOwed();
            require(
                    !isComparable || other.id < copy.id == other.offset < offset,
                    copy + " changed its place with " + other);
        }
    }

    private static void requireHistory(BrokerModel model, CopyModel copy, int count, boolean redelivered) {
        int mostReturns = copy.mostReturns + copy.at.closedFromAfar;
        require(
                count >= copy.fewestReturns && count <= mostReturns,
                copy + " came back " + count + " times, not from " + copy.fewestReturns + " to " + mostReturns);
        require(redelivered || !copy.deliveredInLife, copy + " is called new");
        boolean isNew = !copy.deliveredEver
                && copy.at.closedFromAfar == 0
                && copy.left.isEmpty()
                && copy.publishedInLife == model.life();
        require(!redelivered || !isNew, copy + " is called an old one");
    }

    private static SimConsumer.Held takes(
            BrokerModel model, SimConsumer consumer, long delivery, CopyModel copy, int count, boolean noAck) {
        QueueModel queue = copy.at;
        copy.waitedToTheEnd = model.isDraining() && !copy.deliveredEver && copy.left.isEmpty();
        copy.mayBeGone = false;
        copy.promise(model.lastId());
        copy.deliveredInLife = true;
        copy.deliveredEver = true;
        if (count != copy.fewestReturns) {
            copy.changed();
        }
        copy.fewestReturns = count;
        copy.mostReturns = count;
        copy.notReady();
        queue.tally.delivered++;
        requireActive(queue, consumer);
        long leaseMs = queue.hasLeases() ? model.quietMs() + queue.settings.consumerTimeoutMs() : Long.MAX_VALUE;
        var held = new SimConsumer.Held(copy, consumer, delivery, count, leaseMs);
        if (noAck) {
            queue.tally.acked++;
            copy.ends(CopyModel.End.ACKED);
        } else {
            copy.holder = held;
        }
        return held;
    }

    private static void requireActive(QueueModel queue, SimConsumer consumer) {
        @Nullable SimConsumer active = queue.active;
        if (consumer.isGetter || !queue.settings.singleActiveConsumer()) {
            return;
        }
        // On its way to another shard when its consumer was cancelled: the next one may have been served meanwhile.
        if (consumer.state == SimConsumer.State.CANCELLED) {
            return;
        }
        require(
                active == null || active == consumer || active.state != SimConsumer.State.ACTIVE,
                consumer + " is served while " + active + " is the active one");
        queue.active = consumer;
    }
}
