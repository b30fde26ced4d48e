package dev.sluice.testkit;

import dev.sluice.broker.DeathReason;
import dev.sluice.broker.Settlement;
import dev.sluice.testkit.CopyModel.End;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Confined to the thread of the simulation. What a broker must hold, by what clients asked of it and what it answered. It is precise where the broker promises something, and lenient elsewhere:
 *
 * <ul>
 *   <li>What was published and not confirmed may be there after a crash, or not.
 *   <li>What was settled may come again after a crash, unless everything was at rest for a few milliseconds since: nobody is told when that is durable.
 *   <li>A queue with a length limit or times to live may give up what these allow; which records it gave up shows by what never comes, and how many by its statistics, but not across a crash.
 *   <li>A dead letter that its target may refuse is in its queue or in the target; where both are at rest, in the target.
 *   <li>A dead letter of a durable queue goes to durable queues only that have the durability {@code sync}: one that went to another, and was delivered there, may be back after a crash.
 *   <li>What is said of a delivery whose lease may be over may have counted, or not.
 *   <li>What a consumer without acknowledgements on another shard was sent may be lost in a crash.
 *   <li>Whether a record was delivered before ({@code redelivered}) is known within a life only.
 *   <li>A record that has been purged while it was published, released or moved may be there, or not.
 * </ul>
 */
final class BrokerModel {
    /** Leases count as over so many milliseconds early: so much time may pass until the broker hears of what a consumer says. */
    static final int MOST_BUSY_MS = 40;

    /** What is settled is durable so long after it all came to rest, if nothing else was written before. */
    private static final int STATE_MS = 5;

    private record Key(long id, String origin) {}

    final Map<String, QueueModel> queues = new LinkedHashMap<>();
    /** Names of the queues bound to the exchange that publishers use. */
    final Set<String> bound = new LinkedHashSet<>();
    /** Names of those of which nobody knows whether they are bound: somebody changes that. */
    final Set<String> perhapsBound = new LinkedHashSet<>();

    /** Names of those of which nobody will know after the next start, as a change of that was refused by the disk: it may be there all the same. */
    final Set<String> perhapsBoundLater = new LinkedHashSet<>();

    private final Map<Key, CopyModel> copies = new HashMap<>();
    /** What is on its way into queues. */
    final PublishModel publishing = new PublishModel(this);

    private long lastId;
    private int quietPoints;
    private long nowMs;
    /** When everything was at rest for the last time; what the broker does now it cannot have begun before. */
    private long quietMs;

    private int life;
    private boolean draining;
    private boolean isDisturbed;

    void at(long newNowMs) {
        nowMs = newNowMs;
    }

    long nowMs() {
        return nowMs;
    }

    long quietMs() {
        return quietMs;
    }

    int quietPoints() {
        return quietPoints;
    }

    int life() {
        return life;
    }

    long nextId() {
        return ++lastId;
    }

    /** Nobody has heard of this one before. */
    void add(CopyModel copy) {
        copies.put(new Key(copy.id, copy.origin.name), copy);
    }

    @Nullable
    CopyModel copy(long id, String origin) {
        return copies.get(new Key(id, origin));
    }

    Iterable<CopyModel> copies() {
        return copies.values();
    }

    List<QueueModel> queuesThere() {
        return queues.values().stream().filter(QueueModel::isThere).toList();
    }

    List<QueueModel> limited() {
        return queues.values().stream().filter(QueueModel::isLimited).toList();
    }

    // ---- deliveries and what becomes of them ----

    /** The copy went from its queue to the other, where it is expected from now on. */
    void move(CopyModel copy, QueueModel target, DeathReason reason, boolean forSure) {
        copy.at.copies.remove(copy);
        target.copies.add(copy);
        copy.movedTo(target, reason, nowMs, forSure);
    }

    /** A consumer settles what it has. */
    void settled(SimConsumer.Held held, Settlement settlement, long delayMs) {
        CopyModel copy = held.copy;
        if (held.isOver || copy.holder != held) {
            return;
        }
        QueueModel queue = copy.at;
        if (held.mayBeOverAt(nowMs + MOST_BUSY_MS)) {
            nobodyKnows(copy, settlement == Settlement.ACK);
            return;
        }
        switch (settlement) {
            case ACK -> {
                queue.tally.acked++;
                copy.ends(End.ACKED);
            }
            case REJECT -> {
                queue.tally.rejected++;
                dies(copy, DeathReason.REJECTED);
            }
            case RELEASE -> comesBack(held, delayMs);
        }
    }

    /** The consumer is closed: all that it has goes back. */
    void takenBack(SimConsumer.Held held) {
        settled(held, Settlement.RELEASE, 0);
    }

    /** A consumer on another shard is closed: something may have been on its way to it, and goes back, or is settled by having been sent. */
    void closedFromAfar(QueueModel queue, boolean settlesWhatIsSent) {
        queue.tally.isUncertain = true;
        queue.closedFromAfar++;
        queue.everClosedFromAfar++;
        queue.mayLoseUnseen = true;
        queue.lostFromAfar |= settlesWhatIsSent;
        queue.copies.forEach(this::mayHaveComeAndGone);
    }

    void mayHaveComeAndGone(CopyModel copy) {
        QueueModel queue = copy.at;
        if (queue.closedFromAfar == 0 || copy.end != null || copy.holder != null || copy.leaving != null) {
            return;
        }
        long limit = queue.settings.deliveryLimit();
        boolean mayBeTooOften = limit >= 0 && copy.mostReturns + queue.closedFromAfar > limit;
        copy.mayBeGone |= queue.lostFromAfar || mayBeTooOften;
        copy.mayHaveMoved |= mayBeTooOften && queue.deadLetterTarget != null;
        copy.notReady();
    }

    private void nobodyKnows(CopyModel copy, boolean isAck) {
        copy.holder = null;
        copy.mayBeGone = true;
        copy.mayHaveMoved |= copy.at.deadLetterTarget != null && !isAck;
        copy.mostReturns++;
        copy.notReady();
        copy.at.tally.isUncertain = true;
    }

    private void comesBack(SimConsumer.Held held, long delayMs) {
        CopyModel copy = held.copy;
        QueueModel queue = copy.at;
        if (queue.isLast(held)) {
            queue.tally.tooOften++;
            dies(copy, DeathReason.DELIVERY_LIMIT);
            return;
        }
        long[] retryMs = queue.retryDelayMs(held.count + 1);
        copy.holder = null;
        copy.fewestReturns = held.count + 1;
        copy.mostReturns = held.count + 1;
        copy.notBeforeMs = quietMs + Math.max(delayMs, retryMs[0]);
        copy.waitMs = Math.max(delayMs, retryMs[1]);
        copy.readyByMs = Long.MAX_VALUE;
        copy.mayBeGone |= queue.purging > 0;
        copy.changed();
        copy.notReady();
        mayHaveComeAndGone(copy);
    }

    private void dies(CopyModel copy, DeathReason reason) {
        QueueModel queue = copy.at;
        QueueModel target = queue.deadLetterTarget;
        copy.holder = null;
        copy.notReady();
        boolean mayWait = target != null && target.letsDeadLettersWait(); // behind others that wait to be tried again
        if (target == null || (target.state == QueueModel.State.GONE && !mayWait)) {
            copy.ends(End.DROPPED);
            return;
        }
        copy.leaving = reason;
        copy.mayBeGone |= target.mayVanish();
    }

    // ---- queues ----

    /** An operator pauses something, or lets it go on: what was sent without asking for an answer may be refused. */
    void pausing(QueueModel queue) {
        queue.pauses.changing();
        queue.tally.isUncertain = true;
        queue.copies.stream().filter(copy -> !copy.promised).forEach(copy -> copy.mayBeGone = true);
    }

    void purging(QueueModel queue) {
        queue.purging++;
        queue.mayLoseUnseen = true;
        for (CopyModel copy : List.copyOf(queue.copies)) {
            boolean isHeld = copy.holder != null && !copy.holder.mayBeOverAt(nowMs + MOST_BUSY_MS);
            copy.mayBeGone |= !isHeld && copy.leaving == null;
        }
        for (QueueModel source : queues.values()) {
            if (source.deadLetterTarget == queue) {
                source.copies.stream().filter(copy -> copy.leaving != null).forEach(copy -> copy.mayBeGone = true);
            }
        }
    }

    void purged(QueueModel queue, List<CopyModel> readyBefore) {
        queue.purging--;
        for (CopyModel copy : readyBefore) {
            if (copy.end == null && copy.at == queue && copy.ready && !queue.isSeenFromAfar) {
                copy.ends(End.PURGED);
            }
        }
    }

    void deleting(QueueModel queue) {
        queue.state = QueueModel.State.DELETING;
        bound.remove(queue.name);
        queue.copies.forEach(copy -> {
            copy.mayBeGone = true;
            copy.notReady();
        });
        for (QueueModel source : queues.values()) {
            if (source.deadLetterTarget == queue) {
                source.copies.forEach(copy -> copy.mayBeGone |= copy.leaving != null);
            }
        }
    }

    void deleted(QueueModel queue) {
        queue.state = QueueModel.State.GONE;
        for (CopyModel copy : List.copyOf(queue.copies)) {
            if (copy.leaving == null && queue.deadLetterTarget == null) {
                copy.ends(End.QUEUE_GONE);
                copy.endIsDurable = true;
            } else {
                copy.mayHaveMoved = true;
                copy.mayBeGone = true;
            }
        }
    }

    // ---- faults, rest and lives ----

    /** Something goes wrong with the disk: until the next quiet point nobody knows what is ready, and anything may have to be refused. */
    void disturbed() {
        isDisturbed = true;
        copies.values().forEach(CopyModel::notReady);
        queues.values().forEach(QueueModel::disturbed);
    }

    boolean isDisturbed() {
        return isDisturbed;
    }

    /** Nothing goes on: whatever was asked for is done, and durable. */
    void quiet() {
        quietPoints++;
        quietMs = nowMs;
        isDisturbed = false;
        publishing.quiet();
        for (QueueModel queue : queues.values()) {
            for (CopyModel copy : List.copyOf(queue.copies)) {
                quiet(copy);
            }
            queue.copies.removeIf(copy -> copy.endIsDurable);
            queue.closedFromAfar = 0;
            queue.lostFromAfar = false;
        }
    }

    private void quiet(CopyModel copy) {
        copy.restingSinceMs = Math.min(copy.restingSinceMs, nowMs);
        boolean isDurable = copy.restingSinceMs + STATE_MS < nowMs;
        if (copy.end != null) {
            copy.endIsDurable |= isDurable;
            return;
        }
        countClosedFromAfar(copy);
        leaseMayBeOver(copy);
        if (copy.leaving != null && mayNotRefuse(copy.at.deadLetterTarget)) {
            move(copy, Objects.requireNonNull(copy.at.deadLetterTarget), copy.leaving, true);
        }
        if (!copy.at.refusesAtLimit() && copy.at.isThere()) {
            copy.promise(lastId);
        }
        copy.durableReturns = isDurable ? copy.fewestReturns : copy.durableReturns;
        if (copy.waitMs > 0 || copy.readyByMs == Long.MAX_VALUE) {
            copy.readyByMs = nowMs + copy.waitMs;
            copy.waitMs = 0;
        }
        boolean isReady = isSurelyReady(copy);
        copy.ready = isReady;
        copy.readySince = !isReady ? 0 : copy.readySince == 0 ? quietPoints : copy.readySince;
    }

    private void leaseMayBeOver(CopyModel copy) {
        SimConsumer.Held holder = copy.holder;
        if (holder != null && holder.mayBeOverAt(nowMs)) {
            copy.at.tally.isUncertain = true;
            copy.mostReturns = holder.count + 1;
            copy.mayBeGone |= copy.at.isLast(holder);
            copy.mayHaveMoved |= copy.at.isLast(holder) && copy.at.deadLetterTarget != null;
        }
    }

    private static void countClosedFromAfar(CopyModel copy) {
        if (copy.at.closedFromAfar > 0 && copy.holder == null) {
            copy.mostReturns += copy.at.closedFromAfar;
            copy.deliveredEver = true;
        }
    }

    private static boolean mayNotRefuse(@Nullable QueueModel target) {
        return target != null && target.isThere() && !target.letsDeadLettersWait();
    }

    private boolean isSurelyReady(CopyModel copy) {
        return copy.isOwed()
                && copy.holder == null
                && copy.leaving == null
                && !copy.mayHaveMoved
                && copy.readyByMs <= nowMs
                && copy.latestMs + copy.attributes.delayMs() <= nowMs
                && !copy.at.mayGiveUp(copy, nowMs);
    }

    /** The process ended, in good order or not. */
    void ended(boolean isCrash) {
        publishing.ended();
        isDisturbed = false;
        for (QueueModel queue : queues.values()) {
            for (CopyModel copy : List.copyOf(queue.copies)) {
                lifeEnded(copy, isCrash);
            }
            queue.newLife();
            if (!queue.spec.durable()) {
                queue.state = QueueModel.State.GONE;
            }
        }
        perhapsBound.addAll(perhapsBoundLater);
        perhapsBoundLater.clear();
        bound.removeIf(name -> !Objects.requireNonNull(queues.get(name)).spec.durable());
        life++;
    }

    private void lifeEnded(CopyModel copy, boolean isCrash) {
        countClosedFromAfar(copy);
        leaseMayBeOver(copy);
        copy.holder = null;
        copy.notReady();
        copy.deliveredInLife = false;
        copy.notBeforeMs = 0;
        copy.readyByMs = 0;
        copy.waitMs = 0;
        if (!copy.at.spec.durable()) {
            wentWithTheProcess(copy);
            return;
        }
        boolean mayBeThere = copy.end != null && !copy.endIsDurable;
        if (isCrash && mayBeThere) {
            copy.end = null;
            copy.mayBeGone = true;
            copy.mayHaveMoved = copy.at.deadLetterTarget != null;
        }
        copy.endIsDurable = copy.end != null;
        copy.mayHaveMoved |= copy.leaving != null;
        copy.leaving = null;
        QueueModel target = copy.at.deadLetterTarget;
        copy.mayBeGone |= copy.mayHaveMoved && target != null && !target.spec.durable();
        if (isCrash) {
            copy.mayBeGone |= !copy.promised
                    || copy.at.hasRemoteTaker
                    || !copy.at.settings.durability().isSync();
            copy.fewestReturns = copy.durableReturns;
            if (!copy.isOwed()) {
                copy.offset = -1;
            }
        }
    }

    private static void wentWithTheProcess(CopyModel copy) {
        boolean mayHaveMoved = copy.end == null && copy.at.deadLetterTarget != null;
        copy.mayHaveMoved = mayHaveMoved;
        copy.mayBeGone = true;
        copy.leaving = null;
        copy.offset = -1;
        if (!mayHaveMoved && copy.end == null) {
            copy.ends(End.QUEUE_GONE);
        }
        copy.endIsDurable = copy.end != null;
    }

    /** The broker is up again at that time. */
    void begun(long atMs) {
        nowMs = atMs;
        quietMs = atMs;
    }

    boolean isDraining() {
        return draining;
    }

    /** From here on every queue is emptied. */
    void draining() {
        draining = true;
    }

    long lastId() {
        return lastId;
    }

    static void require(boolean condition, String found) {
        if (!condition) {
            throw new AssertionError(found);
        }
    }
}
