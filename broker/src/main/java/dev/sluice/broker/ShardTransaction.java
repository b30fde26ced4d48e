package dev.sluice.broker;

import dev.sluice.broker.Outcome.Reply;
import io.netty.buffer.ByteBuf;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Publishes, and ends of deliveries, that happen together or not at all, over any number of queues and also across a crash. Gathers them in memory and does nothing until {@link #commit}; used once. Where something cannot be
 * taken any more, the whole transaction is refused: {@link #refusal} says so at once, and the commit. Confined to the shard that began it.
 *
 * <p>Records of transient queues, which do not outlive the process anyway, are stored when all others are durable. In a durable queue whose durability is not {@code sync}, records can be delivered before the transaction is
 * durable, as they can without one.
 */
public final class ShardTransaction {
    /** Publishes, one for each queue reached, and ends of deliveries in one transaction. */
    public static final int MOST_OPERATIONS = 1 << 16;

    static final String SUBJECT = "transaction";
    /** More than a record takes besides key, value and headers, and its batch besides. */
    private static final int RECORD_BYTES = 128;
    /** More than is noted of the end of one delivery. */
    private static final int ENDING_BYTES = 192;

    private final BrokerShard home;
    private final TransactionBudget budget;
    private final long mostBytes;
    private final PartitionWrites writes = new PartitionWrites();
    private final Map<BrokerShard, TransactionPart> parts = new LinkedHashMap<>(2);
    private int operations;
    private long bytes;
    private @Nullable Refusal refusal;
    private boolean over;

    ShardTransaction(BrokerShard home, TransactionBudget budget, long mostBytes) {
        this.home = home;
        this.budget = budget;
        this.mostBytes = mostBytes;
    }

    /**
     * Puts a record into every queue of the route, once committed. Copies the bytes from reader index to writer index of each buffer and releases nothing; parameters are those of {@link BrokerShard#publish}. Its time to live and
     * its delay begin with the commit.
     */
    public void publish(
            Route route, RecordAttributes attributes, @Nullable ByteBuf key, ByteBuf value, ByteBuf headers) {
        long recordBytes = RECORD_BYTES
                + (key == null ? 0L : key.readableBytes())
                + value.readableBytes()
                + headers.readableBytes();
        if (!takes(route.queueCount(), route.queueCount() * recordBytes)) {
            return;
        }
        for (Inlet inlet : route.inlets()) {
            writes.to(inlet, attributes.priority(), key).add(key, value, headers);
        }
    }

    /** Ends a delivery, once committed; until then it is its consumer's. The transaction is refused if it is not so any more when it is committed. */
    public void settle(Consumer consumer, long delivery, Settlement settlement) {
        if (takes(1, ENDING_BYTES)) {
            partOf(consumer.source()).add(consumer, delivery, settlement);
        }
    }

    /** Counts so many bytes, which the caller holds until the end of the transaction, as part of it. */
    public void hold(long heldBytes) {
        boolean _ = takes(1, heldBytes);
    }

    private boolean takes(int more, long moreBytes) {
        if (over) {
            throw new IllegalStateException("the transaction is over");
        }
        if (refusal != null) {
            return false;
        }
        if (operations + more > MOST_OPERATIONS) {
            refuse(new Refusal(
                    Refusal.Reason.TRANSACTION_TOO_LARGE,
                    SUBJECT,
                    "it has more than " + MOST_OPERATIONS + " messages and acknowledgements"));
        } else if (bytes + moreBytes > mostBytes) {
            refuse(tooLarge(mostBytes));
        } else if (!budget.take(moreBytes)) {
            refuse(new Refusal(
                    Refusal.Reason.OVERLOADED,
                    NodePressure.MEMORY,
                    "open transactions take all that they may, " + Amounts.bytes(budget.limitBytes())));
        } else {
            operations += more;
            bytes += moreBytes;
        }
        return refusal == null;
    }

    static Refusal tooLarge(long mostBytes) {
        return new Refusal(
                Refusal.Reason.TRANSACTION_TOO_LARGE, SUBJECT, "it is larger than " + Amounts.bytes(mostBytes));
    }

    private TransactionPart partOf(Queue queue) {
        return parts.computeIfAbsent(queue.home(), TransactionPart::new);
    }

    /** Makes {@link #commit} refuse everything. */
    public void refuse(Refusal reason) {
        if (refusal == null) {
            refusal = reason;
        }
    }

    /** Why it will not be committed; null if nothing speaks against it yet. */
    public @Nullable Refusal refusal() {
        return refusal;
    }

    /**
     * Does all that was gathered, or nothing. The reply says how many operations that were; it comes when all is durable that is to outlive the process, and all can be delivered. After a refusal the deliveries are still to be settled
     * by their consumers.
     */
    public void commit(Reply<Integer> reply) {
        if (refusal != null) {
            Refusal why = refusal;
            rollback();
            reply.on(new Outcome.Refused<>(why));
            return;
        }
        over = true;
        writes.all().forEach(write -> partOf(write.queue()).add(write));
        long held = bytes;
        new TransactionCommit(home, parts, operations, bytes, outcome -> {
                    budget.giveBack(held);
                    reply.on(outcome);
                })
                .start();
    }

    /** Forgets all that was gathered: deliveries are still to be settled by their consumers. Without effect when it is over already. */
    public void rollback() {
        if (!over) {
            over = true;
            budget.giveBack(bytes);
        }
    }
}
