package dev.sluice.testkit;

import dev.sluice.broker.DeathReason;
import dev.sluice.broker.QueueProperty;
import dev.sluice.broker.QueueSettings;
import dev.sluice.broker.QueueSettings.Ordering;
import dev.sluice.broker.QueueSettings.Overflow;
import dev.sluice.broker.QueueSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Confined to the thread of the simulation. What is known of one queue. */
final class QueueModel {
    enum State {
        DECLARING,
        THERE,
        DELETING,
        GONE
    }

    final String name;
    final QueueSpec spec;
    final QueueSettings settings;
    final Ordering ordering;
    /** Where dead letters go; null where they are dropped. */
    final @Nullable QueueModel deadLetterTarget;

    /** The shard that it was declared on, of so many. */
    private final int declaredOn;

    private final int declaredOf;

    State state = State.DECLARING;
    /** Copies that may be in it, in the order in which they were published or heard of. */
    final List<CopyModel> copies = new ArrayList<>();
    /** A purge is under way. */
    int purging;

    /** What came here without the model's knowing of it may have gone again likewise: it was purged, or on its way to a consumer that was closed, or that settled by receiving. */
    boolean mayLoseUnseen;
    /** Somebody who settles by receiving takes records on another shard, so that nobody knows what was on its way in a crash. */
    boolean hasRemoteTaker;
    /** Somebody takes records on another shard than the queue's: in which order they left the queue is known of each consumer only. */
    boolean isSeenFromAfar;
    /** So many consumers on other shards were closed since everything was at rest: each record may have been with each of them. */
    int closedFromAfar;

    int everClosedFromAfar;
    /** One of them settled by receiving. */
    boolean lostFromAfar;
    /** Something may have been dropped while something of a lower priority was there and could not be read. */
    boolean mayDropOutOfTurn;
    /** Dead letters of some other queue come here. */
    boolean isTarget;
    /** Publishers that wait for room in it, and the most that did at once. */
    int waiting;

    int mostWaiting;
    /** The consumer that got the last record. */
    @Nullable
    SimConsumer active;

    final PauseModel pauses = new PauseModel();
    final Tally tally = new Tally();
    /** The highest offset that was delivered for the first time in this life. */
    private final Map<Order, Long> highestFirst = new HashMap<>();

    /** Records of one lane that come one after another. */
    private record Order(int lane, int order) {}

    /** What happened in this life, as clients saw it. */
    static final class Tally {
        long accepted;
        long delivered;
        long acked;
        long rejected;
        long tooOften;
        /** Some of the numbers cannot be known. */
        boolean isUncertain;
        /** Some record had a time to live. */
        boolean hasTtl;
    }

    QueueModel(QueueSpec spec, @Nullable QueueModel deadLetterTarget, int declaredOn, int declaredOf) {
        this.spec = spec;
        this.name = spec.name();
        this.settings = spec.settings();
        Object word = settings.chosen(QueueProperty.ORDERING);
        this.ordering =
                word == null ? Ordering.FIFO : Ordering.valueOf(word.toString().toUpperCase(Locale.ROOT));
        this.deadLetterTarget = deadLetterTarget;
        this.declaredOn = declaredOn;
        this.declaredOf = declaredOf;
        if (deadLetterTarget != null) {
            deadLetterTarget.isTarget = true;
        }
    }

    int lanes() {
        return settings.maxPriority() + 1;
    }

    /** The shard that it lives on; -1 if that is not known. */
    int home(int shards) {
        return shards == declaredOf ? declaredOn : -1;
    }

    boolean isThere() {
        return state == State.THERE;
    }

    /** What it holds may go with the process, or with the queue. */
    boolean mayVanish() {
        return !isThere();
    }

    boolean hasDeadLetterExchange() {
        return settings.deadLetterExchange() != null;
    }

    /** Whether there is any limit of what may be ready. */
    boolean isLimited() {
        return settings.maxLength() >= 0 || settings.maxLengthBytes() >= 0 || settings.maxAgeMs() >= 0;
    }

    /** Publishers wait until there is room. */
    boolean blocksAtLimit() {
        return isLimited() && settings.overflow() == Overflow.BLOCK;
    }

    boolean dropsAtLimit() {
        return isLimited()
                && (settings.overflow() == Overflow.DROP_OLDEST
                        || settings.overflow() == Overflow.DROP_LOWEST_PRIORITY);
    }

    boolean refusesAtLimit() {
        return isLimited()
                && (settings.overflow() == Overflow.REJECT || settings.overflow() == Overflow.REJECT_DEAD_LETTER);
    }

    /** Dead letters may have to wait until there is room. */
    boolean letsDeadLettersWait() {
        return (isLimited() && !dropsAtLimit()) || pauses.everHeldPublishers();
    }

    boolean sendsRefusedToDeadLetters() {
        return isLimited() && settings.overflow() == Overflow.REJECT_DEAD_LETTER && hasDeadLetterExchange();
    }

    /** A record that has been ready for so long that the queue refuses others; null if none surely has. */
    @Nullable
    CopyModel findTooOld(long atMs) {
        long maxAgeMs = settings.maxAgeMs();
        if (maxAgeMs < 0 || !refusesAtLimit() || copies.stream().anyMatch(copy -> copy.attributes.delayMs() > 0)) {
            return null;
        }
        return copies.stream()
                .filter(copy -> copy.ready && copy.isOwed() && copy.latestMs + maxAgeMs <= atMs)
                .findFirst()
                .orElse(null);
    }

    /** Deliveries end by themselves. */
    boolean hasLeases() {
        return settings.consumerTimeoutMs() >= 0;
    }

    /** Whether it may have given up the copy by now for that reason, without anybody's asking for it. */
    boolean mayGiveUp(CopyModel copy, DeathReason reason, long nowMs) {
        return switch (reason) {
            case EXPIRED -> copy.at == this ? copy.expiresMs() <= nowMs : settings.messageTtlMs() >= 0;
            case LENGTH_LIMIT -> dropsAtLimit() || sendsRefusedToDeadLetters();
            case REJECTED, DELIVERY_LIMIT -> false;
        };
    }

    boolean mayGiveUp(CopyModel copy, long nowMs) {
        return mayGiveUp(copy, DeathReason.EXPIRED, nowMs) || dropsAtLimit();
    }

    /** Whether the record does not come back once more. */
    boolean isLast(SimConsumer.Held delivery) {
        return settings.deliveryLimit() >= 0 && delivery.count >= settings.deliveryLimit();
    }

    /** The least and the most that a record waits which came back for the {@code count}th time. */
    long[] retryDelayMs(int count) {
        Object type = settings.chosen(QueueProperty.DELAYED_RETRY_TYPE);
        long leastMs = settings.chosen(QueueProperty.DELAYED_RETRY_MIN) instanceof Long least ? least : 1_000;
        long mostMs = settings.chosen(QueueProperty.DELAYED_RETRY_MAX) instanceof Long most ? most : Long.MAX_VALUE;
        if (type == null) {
            return new long[] {0, 0};
        }
        return switch (type.toString()) {
            case "fixed" -> range(leastMs, leastMs, mostMs);
            case "linear" -> range(leastMs * count, leastMs * count, mostMs);
            case "exponential" -> {
                double meanMs = leastMs * Math.scalb(1.0, count - 1);
                yield range((long) (meanMs * 0.8), (long) Math.ceil(meanMs * 1.2), mostMs);
            }
            default -> new long[] {0, 0};
        };
    }

    private static long[] range(long least, long most, long limit) {
        return new long[] {Math.min(least, limit), Math.min(most, limit)};
    }

    /** Which records come one after another: all of a lane, or those of the same key. */
    int orderOf(CopyModel copy) {
        return ordering == Ordering.FIFO ? 0 : copy.key;
    }

    /** The highest place of what was delivered for the first time in this life; -1 for none. */
    long highestFirst(int lane, int order) {
        return highestFirst.getOrDefault(new Order(lane, order), -1L);
    }

    void firstDelivered(int lane, int order, long offset) {
        highestFirst.merge(new Order(lane, order), offset, Math::max);
    }

    /** Something goes wrong with the disk: what cannot be read cannot be dropped where bytes count, and others are instead. */
    void disturbed() {
        mayDropOutOfTurn |= settings.maxLengthBytes() >= 0;
    }

    /** Another process has it. */
    void newLife() {
        highestFirst.clear();
        pauses.newLife();
        hasRemoteTaker = false;
        isSeenFromAfar = false;
        closedFromAfar = 0;
        lostFromAfar = false;
        active = null;
        purging = 0;
        waiting = 0;
        mostWaiting = 0;
        tally.accepted = 0;
        tally.delivered = 0;
        tally.acked = 0;
        tally.rejected = 0;
        tally.tooOften = 0;
        tally.isUncertain = false;
    }

    @Override
    public String toString() {
        return name + (spec.durable() ? " durable " : " transient ") + settings;
    }
}
