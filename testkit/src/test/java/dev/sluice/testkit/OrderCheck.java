package dev.sluice.testkit;

import static dev.sluice.testkit.BrokerModel.require;

import dev.sluice.broker.QueueSettings.Ordering;

/**
 * Stateless. Whether it is a record's turn: the most urgent first, and of these each in its order. Where a queue has an order by key, that is the order of each key, of which one is with somebody at a time; where it is fair, the order of
 * each owner.
 */
final class OrderCheck {
    private OrderCheck() {}

    /** A consumer gets the record. */
    static void delivered(BrokerModel model, SimConsumer consumer, CopyModel copy, boolean noAck) {
        QueueModel queue = copy.at;
        int order = queue.orderOf(copy);
        boolean isFirst =
                !copy.deliveredInLife && copy.mostReturns + queue.closedFromAfar == 0 && copy.attributes.delayMs() == 0;
        if (isFirst) {
            require(consumer.isInOrder(order, copy.offset), consumer + " got later ones before " + copy);
        }
        // What was sent somewhere else without being asked about may arrive when others have been settled.
        if (!(noAck && consumer.isRemote())) {
            requireKeyIsFree(model, copy);
        }
        if (queue.isSeenFromAfar) {
            return;
        }
        if (isFirst) {
            require(copy.offset > queue.highestFirst(copy.lane, order), "later ones came before " + copy);
            queue.firstDelivered(copy.lane, order, copy.offset);
        }
        requireNoneBefore(model, copy);
    }

    private static void requireNoneBefore(BrokerModel model, CopyModel copy) {
        QueueModel queue = copy.at;
        boolean isStrict = queue.settings.priorityAgingMs() < 0;
        for (CopyModel other : queue.copies) {
            if (other.ready
                    && other.isOwed()
                    && other != copy
                    && !mayWaitForOthers(other, copy)
                    && other.expiresMs() > model.nowMs()) {
                boolean isHigher = isStrict && other.lane > copy.lane;
                require(!isHigher, copy + " came before the more urgent " + other);
                require(other.lane != copy.lane || !isBefore(other, copy), copy + " came before " + other);
            }
        }
    }

    /** Whether the other may be ready, and not next although its place is before. */
    private static boolean mayWaitForOthers(CopyModel other, CopyModel copy) {
        return switch (copy.at.ordering) {
            case FIFO -> false;
            case KEY -> other.key != 0 && (other.key != copy.key || other.lane != copy.lane || copy.deliveredInLife);
            // Whose it is that came back has to be read first, and what is known already goes on meanwhile.
            case FAIR -> other.lane == copy.lane && (other.key != copy.key || other.mostReturns > 0);
        };
    }

    /** Whoever has a record of a key, or is to have it again since it came back, keeps the others of that key waiting. */
    private static void requireKeyIsFree(BrokerModel model, CopyModel copy) {
        QueueModel queue = copy.at;
        if (queue.ordering != Ordering.KEY || copy.key == 0) {
            return;
        }
        for (CopyModel other : queue.copies) {
            if (other != copy && other.key == copy.key && locks(model, other)) {
                throw new AssertionError(copy + " came while its key belongs to " + other);
            }
        }
    }

    private static boolean locks(BrokerModel model, CopyModel copy) {
        SimConsumer.Held holder = copy.holder;
        boolean isHeld = holder != null && !holder.mayBeOverAt(model.nowMs());
        boolean mayBeSettled = copy.at.hasRemoteTaker
                || (holder != null && copy.at.isLast(holder))
                || copy.at.mayGiveUp(copy, model.nowMs());
        return copy.deliveredInLife
                && copy.isOwed()
                && copy.leaving == null
                && !copy.mayHaveMoved
                && (isHeld || !mayBeSettled);
    }

    /** Whether nothing keeps the record waiting, as far as its key goes. */
    static boolean isSurelyFree(CopyModel copy) {
        QueueModel queue = copy.at;
        return queue.ordering != Ordering.KEY
                || copy.key == 0
                || (queue.everClosedFromAfar == 0
                        && queue.copies.stream()
                                .noneMatch(other -> other != copy && other.key == copy.key && other.deliveredInLife));
    }

    /** Whether the other's place in the lane is surely before. */
    private static boolean isBefore(CopyModel other, CopyModel copy) {
        if (other.offset >= 0) {
            return other.offset < copy.offset;
        }
        return other.left.isEmpty()
                && copy.left.isEmpty()
                && other.publishedOn == copy.publishedOn
                && other.publishedInLife == copy.publishedInLife
                && other.id < copy.id;
    }
}
