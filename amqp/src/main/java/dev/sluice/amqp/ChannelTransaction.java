package dev.sluice.amqp;

import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.Consumer;
import dev.sluice.broker.RecordAttributes;
import dev.sluice.broker.Refusal;
import dev.sluice.broker.Route;
import dev.sluice.broker.Settlement;
import dev.sluice.broker.ShardTransaction;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A channel in transactional mode: what it publishes and settles is gathered until the client commits, and then the next transaction begins. Confined to the connection's shard.
 */
final class ChannelTransaction {
    private final AmqpChannel channel;
    private final BrokerShard broker;
    private final UnackedDeliveries unacked;
    private final List<Unacked> settled = new ArrayList<>();
    private final List<ReturnedMessage> returned = new ArrayList<>();
    private @Nullable ShardTransaction open;

    /** {@code unacked}: where deliveries go again that a rollback leaves unsettled. */
    ChannelTransaction(AmqpChannel channel, BrokerShard broker, UnackedDeliveries unacked) {
        this.channel = channel;
        this.broker = broker;
        this.unacked = unacked;
    }

    /** The one that is being gathered. */
    private ShardTransaction open() {
        ShardTransaction gathered = open;
        if (gathered == null) {
            gathered = broker.beginTransaction();
            open = gathered;
        }
        return gathered;
    }

    void publish(Route queues, RecordAttributes attributes, @Nullable ByteBuf key, ByteBuf body, ByteBuf headers) {
        open().publish(queues, attributes, key, body, headers);
        failIfRefused(BasicMethod.Publish.ID);
    }

    /** The message leads nowhere, and goes back when its transaction is committed. */
    void returnLater(ReturnedMessage message) {
        open().hold(message.sizeInBytes());
        returned.add(message);
        failIfRefused(BasicMethod.Publish.ID);
    }

    /** {@link #failIfRefused} is to be called after the last of those that are settled by one method. */
    void settle(long tag, Consumer consumer, long delivery, Settlement settlement) {
        settled.add(new Unacked(tag, consumer, delivery));
        open().settle(consumer, delivery, settlement);
    }

    void failIfRefused(int methodId) {
        Refusal refusal = open == null ? null : open.refusal();
        if (refusal != null) {
            channel.fail(refusal, methodId);
        }
    }

    void commit() {
        ShardTransaction gathered = open();
        open = null;
        gathered.commit(channel.awaiting(this::committed, this::refused));
    }

    private void committed(int operations) {
        settled.clear();
        returned.forEach(message -> channel.returned(message.content()));
        returned.clear();
        channel.send(new TxMethod.CommitOk());
    }

    /** As RabbitMQ where a commit was not possible in full; here nothing has happened, and why is said. */
    private void refused(Refusal refusal) {
        channel.fail(
                ReplyCode.PRECONDITION_FAILED,
                "nothing was committed: " + RefusalCodes.explanation(refusal),
                TxMethod.Commit.ID);
    }

    void rollback() {
        forget();
        settled.sort(Comparator.comparingLong(Unacked::tag));
        unacked.putBack(settled);
        settled.clear();
        returned.clear();
        channel.send(new TxMethod.RollbackOk());
    }

    private void forget() {
        if (open != null) {
            open.rollback();
            open = null;
        }
    }

    /** Whether there are deliveries that only a commit settles. */
    boolean isSettling() {
        return !settled.isEmpty();
    }

    /** The channel is gone: what was not committed is not going to be. Whether what is being committed is settled will be seen; what is not goes back to its place. */
    void close() {
        forget();
        settled.stream().map(Unacked::consumer).distinct().forEach(Consumer::close);
        settled.clear();
        returned.clear();
    }
}
