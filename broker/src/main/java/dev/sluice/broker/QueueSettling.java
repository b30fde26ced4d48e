package dev.sluice.broker;

import dev.sluice.broker.StoryEvent.Kind;
import org.jspecify.annotations.Nullable;

/** How a queue's deliveries end: settled by their consumer, over with their lease, or put back, and given up after too many attempts, as a dead letter if the queue's owner wants that. Confined to the queue's shard. */
final class QueueSettling {
    private final Queue queue;
    private final QueueCounters counters;
    private final @Nullable ServingOrder order;
    private final @Nullable QueueStory story;
    private final Leases<Consumer> leases = new Leases<>();
    /** Null as long as the queue's owner never wanted any. */
    private @Nullable DeadLetters deadLetters;
    // What the queue's settings say.
    private long deliveryLimit;
    private RetryDelay retryDelay;
    private long leaseMs;

    QueueSettling(Queue queue, QueueCounters counters) {
        this.queue = queue;
        this.counters = counters;
        this.order = queue.order();
        this.story = queue.story();
        settingsChanged();
    }

    /** The queue's settings are others now; leases that have begun stay as long as they are. */
    void settingsChanged() {
        QueueSettings settings = queue.spec().settings();
        deliveryLimit = settings.deliveryLimit();
        retryDelay = settings.retryDelay();
        leaseMs = settings.consumerTimeoutMs();
        if (deadLetters == null) {
            deadLetters = DeadLetters.of(queue, counters);
        } else {
            deadLetters.settingsChanged();
        }
    }

    /** What takes what leaves the queue unprocessed; null where that is dropped. */
    @Nullable
    DeadLetters deadLetters() {
        return deadLetters != null && deadLetters.isWanted() ? deadLetters : null;
    }

    /** So many dead letters are on their way that a consumer gets nothing that it could reject. */
    boolean mayLetNoneGo() {
        return deadLetters != null && deadLetters.isFull();
    }

    /** Dead letters wait for who knows how long. */
    boolean isHeldUp() {
        return deadLetters != null && deadLetters.isFull() && deadLetters.isHeldUp();
    }

    /** Once in a turn: sends the dead letters that there are. */
    void moveDeadLetters() {
        if (deadLetters != null) {
            deadLetters.move();
        }
    }

    /** The lane's record is in flight now, with a consumer that is to settle the delivery. */
    void begin(Consumer consumer, long delivery) {
        consumer.delivered(delivery);
        if (leaseMs >= 0) {
            leases.set(consumer, delivery, Times.plus(queue.home().turnTimeMs(), leaseMs));
        }
    }

    /** The lane's record is on its way to somebody who will not settle it. */
    void beginAndEnd(Lane lane, long offset) {
        acknowledge(lane, offset);
    }

    private void acknowledge(Lane lane, long offset) {
        counters.acknowledged++;
        tell(Kind.ACKED, lane, offset);
        lane.backlog().settleInFlight(offset);
    }

    private void tell(Kind kind, Lane lane, long offset) {
        if (story != null) {
            story.happened(kind, lane, offset);
        }
    }

    /** {@code delayMs}: how long a record that is released waits at the least. False if the consumer has nothing of the delivery. */
    boolean settle(Consumer consumer, long delivery, Settlement settlement, long delayMs) {
        Consumer.Held held = consumer.settled(delivery);
        if (held == Consumer.Held.NOTHING) {
            return false;
        }
        consumer.releaseShared(1);
        if (held == Consumer.Held.RECORD) {
            leases.end(delivery);
            settle(delivery, settlement, delayMs);
        }
        return true;
    }

    private void settle(long delivery, Settlement settlement, long delayMs) {
        Lane lane = queue.lanes()[DeliveryId.lane(delivery)];
        long offset = DeliveryId.offset(delivery);
        switch (settlement) {
            case ACK -> acknowledge(lane, offset);
            case REJECT -> giveUp(lane, offset, DeathReason.REJECTED);
            case RELEASE -> comeBack(Kind.RELEASED, lane, offset, delayMs);
        }
    }

    /** Takes a delivery out of its consumer's hands, for a transaction that will end it or {@linkplain #giveBack give it back}; null if it is not the consumer's. Its lease does not end meanwhile. */
    @Nullable
    Claim claim(Consumer consumer, long delivery, Settlement settlement) {
        if (!consumer.holds(delivery)) {
            return null;
        }
        Consumer.Held _ = consumer.settled(delivery);
        return new Claim(consumer, delivery, settlement, leases.end(delivery));
    }

    /** The transaction was refused: the delivery is its consumer's again or, if that is gone, back in its place. */
    void giveBack(Claim claim) {
        if (claim.consumer.isClosed()) {
            claim.consumer.releaseShared(1);
            comeBack(Kind.CONSUMER_GONE, laneOf(claim), claim.offset(), 0);
            return;
        }
        claim.consumer.delivered(claim.delivery);
        if (claim.leaseDueMs != Long.MAX_VALUE) {
            leases.set(claim.consumer, claim.delivery, claim.leaseDueMs);
        }
    }

    /** The transaction was committed. */
    void settle(Claim claim) {
        claim.consumer.releaseShared(1);
        if (!claim.hasLetter()) {
            settle(claim.delivery, claim.settlement, 0);
            return;
        }
        counters.rejected++;
        counters.deadLettered += claim.deadLetterQueues > 0 ? 1 : 0;
        counters.deadLettersDropped += claim.deadLetterQueues > 0 ? 0 : 1;
        tell(Kind.REJECTED, laneOf(claim), claim.offset());
        laneOf(claim).backlog().settleInFlight(claim.offset());
    }

    private Lane laneOf(Claim claim) {
        return queue.lanes()[DeliveryId.lane(claim.delivery)];
    }

    /** A record in flight, of no consumer any more, is not delivered again. The one place where records are dropped unprocessed and one by one. */
    void giveUp(Lane lane, long offset, DeathReason reason) {
        switch (reason) {
            case EXPIRED -> counters.expired++;
            case REJECTED -> counters.rejected++;
            case LENGTH_LIMIT -> counters.droppedAtLimit++;
            case DELIVERY_LIMIT -> counters.deliveryLimitExceeded++;
        }
        tell(Kind.of(reason), lane, offset);
        DeadLetters wanted = deadLetters();
        if (wanted == null) {
            lane.backlog().settleInFlight(offset);
            return;
        }
        wanted.add(lane, offset, reason);
        if (order != null) {
            order.left(RecordPlace.of(lane.index(), offset));
        }
    }

    /** A record in flight, of no consumer any more, comes back, unless it did too often. It is ready after {@code delayMs} at the earliest. */
    private void comeBack(Kind why, Lane lane, long offset, long delayMs) {
        tell(why, lane, offset);
        Backlog open = lane.backlog();
        int before = open.cursor().deliveryCount(offset);
        if (deliveryLimit >= 0 && before >= deliveryLimit) {
            giveUp(lane, offset, DeathReason.DELIVERY_LIMIT);
            return;
        }
        long waitMs =
                Math.max(delayMs, retryDelay.delayMs(before + 1, queue.home().random()));
        if (waitMs > 0) {
            open.releaseAside(offset);
            lane.heldBack().add(offset, Times.plus(queue.home().turnTimeMs(), waitMs));
        } else {
            open.release(offset);
        }
    }

    /** The delivery is the consumer's for so long from now; false if it is not the consumer's. */
    boolean renew(Consumer consumer, long delivery, long newLeaseMs) {
        if (!consumer.holds(delivery)) {
            return false;
        }
        leases.set(consumer, delivery, Times.plus(queue.home().turnTimeMs(), newLeaseMs));
        return true;
    }

    /** Takes back what was not settled in time. */
    void endLeases() {
        leases.endOver(queue.home().turnTimeMs(), this::leaseOver);
    }

    /** A consumer did not settle a delivery in time: what it says of it later is ignored. */
    private void leaseOver(Consumer consumer, long delivery) {
        counters.leasesOver++;
        consumer.lapse(delivery);
        comeBack(Kind.LEASE_OVER, queue.lanes()[DeliveryId.lane(delivery)], DeliveryId.offset(delivery), 0);
    }

    /** No lease is over before; {@link Long#MAX_VALUE} if there is none. */
    long firstDueMs() {
        return leases.firstDueMs();
    }

    /** Puts back all that the consumer has, each record to its place. */
    void takeBack(Consumer consumer) {
        for (long delivery : consumer.takeInFlight()) {
            leases.end(delivery);
            comeBack(Kind.CONSUMER_GONE, queue.lanes()[DeliveryId.lane(delivery)], DeliveryId.offset(delivery), 0);
        }
    }

    /** The queue is gone, or the broker stops. */
    void close() {
        if (deadLetters != null) {
            deadLetters.close();
        }
    }
}
