package dev.sluice.broker;

import dev.sluice.broker.Outcome.Reply;
import dev.sluice.log.AppendGroup;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The commit of one transaction, step by step, each on all shards that take part before the next begins. Until the group is begun everything can still be refused, and is taken back then; from there on nothing is refused
 * any more. A crash before all is durable leaves nothing of it, one after leaves all:
 *
 * <ol>
 *   <li>claim: the deliveries are taken from their consumers and stay in flight; rejected ones are copied to where dead letters go
 *   <li>check: each partition says whether it takes what comes
 *   <li>append: records, and notes of what is settled, become durable as one {@link AppendGroup}. Only then can the records be delivered
 *   <li>finish: transient queues get their records, and the deliveries end
 * </ol>
 *
 * Confined to the shard that commits.
 */
final class TransactionCommit {
    private final BrokerShard home;
    private final Map<BrokerShard, TransactionPart> parts;
    private final Reply<Integer> reply;
    private final int operations;
    private long bytes;
    /** Answers that are due before the next step. */
    private int missing;
    /** Parts that the group has not got yet. */
    private int appending;

    private @Nullable Refusal refusal;

    private interface Step {
        void run(TransactionPart part, Consumer<@Nullable Refusal> answer);
    }

    /** {@code operations}: what the reply says; {@code bytes}: at the most, of what is stored and noted. */
    TransactionCommit(
            BrokerShard home,
            Map<BrokerShard, TransactionPart> parts,
            int operations,
            long bytes,
            Reply<Integer> reply) {
        this.home = home;
        this.parts = new LinkedHashMap<>(parts);
        this.operations = operations;
        this.bytes = bytes;
        this.reply = reply;
    }

    void start() {
        if (!home.commits().begin()) {
            reply.on(Outcome.refused(Refusal.Reason.CLOSING, "broker"));
            return;
        }
        home.flushInlets(); // what was published here before comes first
        onEach(TransactionPart::endsAny, TransactionPart::claim, this::claimed);
    }

    /** Runs the step on all parts that it concerns, and {@code next} when all have answered. */
    private void onEach(Predicate<TransactionPart> concerned, Step step, Runnable next) {
        List<TransactionPart> some = parts.values().stream().filter(concerned).toList();
        missing = some.size();
        if (missing == 0) {
            next.run();
            return;
        }
        for (TransactionPart part : some) {
            Consumer<@Nullable Refusal> answer =
                    itsRefusal -> home.answer(part.shard(), () -> answered(itsRefusal, next));
            home.send(part.shard(), () -> step.run(part, answer));
        }
    }

    private void answered(@Nullable Refusal itsRefusal, Runnable next) {
        if (refusal == null) {
            refusal = itsRefusal;
        }
        if (--missing == 0) {
            next.run();
        }
    }

    private void claimed() {
        if (refusal != null) {
            giveUp();
            return;
        }
        for (TransactionPart part : List.copyOf(parts.values())) {
            for (PartitionWrite letter : part.letters()) {
                bytes += letter.sizeInBytes();
                parts.computeIfAbsent(letter.queue().home(), TransactionPart::new)
                        .add(letter);
            }
        }
        onEach(part -> true, TransactionPart::check, this::checked);
    }

    private void checked() {
        int members =
                parts.values().stream().mapToInt(TransactionPart::memberCount).sum();
        if (refusal != null) {
            giveUp();
        } else if (members == 0) {
            home.commits().end();
            finish();
        } else {
            // Dead letters may have made it larger than it was when it was gathered.
            AppendGroup group = members > ShardTransaction.MOST_OPERATIONS
                    ? null
                    : home.moveLog().begin(members, bytes);
            if (group == null) {
                refusal = ShardTransaction.tooLarge(home.moveLog().mostGroupBytes());
                giveUp();
            } else {
                append(group);
            }
        }
    }

    private void append(AppendGroup group) {
        Predicate<TransactionPart> isMember = part -> part.memberCount() > 0;
        appending = (int) parts.values().stream().filter(isMember).count();
        onEach(
                isMember,
                (part, answer) -> {
                    part.append(group, answer);
                    home.answer(part.shard(), this::appended);
                },
                this::finish);
    }

    private void appended() {
        if (--appending == 0) {
            home.commits().end();
        }
    }

    private void finish() {
        onEach(part -> true, TransactionPart::finish, this::finished);
    }

    private void finished() {
        reply.on(refusal == null ? Outcome.done(operations) : new Outcome.Refused<>(refusal));
    }

    private void giveUp() {
        home.commits().end();
        Refusal why = refusal;
        onEach(part -> true, TransactionPart::giveUp, () -> {
            if (why != null) {
                reply.on(new Outcome.Refused<>(why));
            }
        });
    }
}
