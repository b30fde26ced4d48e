package dev.sluice.broker;

import dev.sluice.log.AppendGroup;
import dev.sluice.log.LogId;
import dev.sluice.log.OffsetSet;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a transaction does on one shard: what it stores in partitions there and which deliveries it ends. Each step of a {@link TransactionCommit} answers once, on this shard. Filled by who commits while no step is under way; otherwise
 * confined to its shard.
 */
final class TransactionPart implements ConfirmSink {
    private final BrokerShard shard;
    private final List<PartitionWrite> writes = new ArrayList<>(1);
    private final List<Ending> endings = new ArrayList<>();
    private final List<Claim> claims = new ArrayList<>();
    private @Nullable TransactionLetters letters;
    private MoveLog.@Nullable Note note;
    /** Members of the group of which nobody knows yet whether they are durable. */
    private int undecided;

    private @Nullable Refusal lost;
    private @Nullable Consumer<@Nullable Refusal> whenDurable;

    /** A delivery that is to be settled. */
    private record Ending(dev.sluice.broker.Consumer consumer, long delivery, Settlement settlement) {}

    TransactionPart(BrokerShard shard) {
        this.shard = shard;
    }

    BrokerShard shard() {
        return shard;
    }

    void add(PartitionWrite write) {
        writes.add(write);
    }

    void add(dev.sluice.broker.Consumer consumer, long delivery, Settlement settlement) {
        endings.add(new Ending(consumer, delivery, settlement));
    }

    boolean endsAny() {
        return !endings.isEmpty();
    }

    /** Takes the deliveries from their consumers, and copies the dead letters among them. What is not its consumer's any more is a reason to refuse. */
    void claim(Consumer<@Nullable Refusal> answer) {
        for (Ending ending : endings) {
            Queue queue = ending.consumer.source();
            if (queue.isDeleted()) {
                continue; // with its records: there is nothing to settle
            }
            Claim claim = queue.settling().claim(ending.consumer, ending.delivery, ending.settlement);
            if (claim == null) {
                answer.accept(new Refusal(
                        Refusal.Reason.DELIVERY_OVER,
                        queue.name(),
                        "the time to settle it is over, or it was settled otherwise"));
                return;
            }
            claims.add(claim);
        }
        letters = new TransactionLetters(claims, answer);
        letters.run();
    }

    /** After {@link #claim}: what the dead letters store, wherever that is. */
    List<PartitionWrite> letters() {
        return letters == null ? List.of() : List.copyOf(letters.writes().all());
    }

    /** Whether all partitions take what comes, and whether what is settled can be noted. What repeats something waits until that is durable. */
    void check(Consumer<@Nullable Refusal> answer) {
        Refusal refusal = noteRefusal();
        for (int i = 0; refusal == null && i < writes.size(); i++) {
            refusal = writes.get(i).refusal();
        }
        if (refusal != null) {
            answer.accept(refusal);
        } else {
            awaitOriginals(0, answer);
        }
    }

    private void awaitOriginals(int from, Consumer<@Nullable Refusal> answer) {
        for (int i = from; i < writes.size(); i++) {
            int same = i;
            if (writes.get(i).waitsForOriginals(() -> awaitOriginals(same, answer))) {
                return;
            }
        }
        answer.accept(null);
    }

    private @Nullable Refusal noteRefusal() {
        String reason = shard.moveLog().outOfOrder();
        if (reason != null) {
            for (Claim claim : claims) {
                if (claim.isNoted()) {
                    return new Refusal(
                            Refusal.Reason.STORAGE, claim.consumer.source().name(), reason);
                }
            }
        }
        return null;
    }

    /** How many members it has in the group. */
    int memberCount() {
        int members = isNoted() ? 1 : 0;
        for (PartitionWrite write : writes) {
            members += isInGroup(write) ? write.batchCount() : 0;
        }
        return members;
    }

    private boolean isNoted() {
        for (Claim claim : claims) {
            if (claim.isNoted()) {
                return true;
            }
        }
        return false;
    }

    private static boolean isInGroup(PartitionWrite write) {
        return write.queue().isPersistent();
    }

    /** Appends all its members; the answer comes when they are durable. */
    void append(AppendGroup group, Consumer<@Nullable Refusal> answer) {
        undecided = memberCount();
        whenDurable = answer;
        for (PartitionWrite write : writes) {
            if (isInGroup(write)) {
                write.append(group, this);
            }
        }
        Map<LogId, OffsetSet> settled = noted();
        if (!settled.isEmpty()) {
            var stored = new Confirms();
            stored.add(this, 0);
            note = shard.moveLog().settle(settled, group, stored);
        }
    }

    private Map<LogId, OffsetSet> noted() {
        Map<LogId, OffsetSet> settled = new LinkedHashMap<>();
        for (Claim claim : claims) {
            if (claim.isNoted()) {
                LogId lane = claim.consumer
                        .source()
                        .lanes()[DeliveryId.lane(claim.delivery)]
                        .id();
                settled.computeIfAbsent(lane, id -> new OffsetSet()).add(claim.offset(), claim.offset());
            }
        }
        return settled;
    }

    @Override
    public void stored(long firstSequence, long lastSequence) {
        undecided--;
        Consumer<@Nullable Refusal> answer = whenDurable;
        if (undecided == 0 && answer != null) {
            whenDurable = null;
            answer.accept(lost);
        }
    }

    @Override
    public void refused(long firstSequence, long lastSequence, Refusal refusal) {
        lost = refusal;
        stored(firstSequence, lastSequence);
    }

    /** All that outlives the process is durable: what does not is stored too, and the deliveries end. */
    void finish(Consumer<@Nullable Refusal> answer) {
        for (PartitionWrite write : writes) {
            if (!isInGroup(write)) {
                write.append(null, this);
            }
        }
        end(true);
        if (note != null) {
            shard.moveLog().done(note);
        }
        answer.accept(null);
    }

    /** Nothing was done: consumers have their deliveries again. */
    void giveUp(Consumer<@Nullable Refusal> answer) {
        writes.forEach(PartitionWrite::release);
        end(false);
        answer.accept(null);
    }

    private void end(boolean committed) {
        claims.forEach(claim -> claim.consumer.source().consumers().end(claim, committed));
        claims.clear();
    }
}
