package dev.sluice.broker;

import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.TreeSet;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Serves those whom the records of a queue belong to in turn, so that one who has many does not keep the others waiting. Records are passed over as they are read ahead, and wait here with their owner's share, each share in its order.
 * Whoever has much of what is in the queue is noisy, and is served when no quiet one has anything waiting, but now and then in any case. Among quiet ones, and among noisy ones, whoever has the fewest deliveries in flight is next, and
 * then whoever was served longest ago. Those of different lanes have nothing to do with each other. Finding the next costs O(log n) for n owners. Confined to the queue's shard.
 */
final class FairOrder implements ServingOrder {
    /** So many shares are told apart; while there are as many, all others who come have one share of a lane. */
    static final int MOST_SHARES = 10_000;

    /** A share of so many records is noisy, those in flight included, if it is also more than {@link #NOISY_PART} of all. */
    static final int LEAST_NOISY = 30;

    /** Of a hundred. */
    static final int NOISY_PART = 10;
    /** So many deliveries of quiet shares follow one another while noisy ones wait: these do not starve, whatever the others need. */
    static final int QUIET_IN_A_ROW = 127;

    /** So many shares are asked for a record that is in memory before the queue waits for storage. */
    private static final int MOST_ASKED = LogReaders.MOST;

    private final PassedOver passedOver;
    private final int most;
    private ShareTurns[] lanes = {};
    /** Whose the deliveries are, by the place of their record. */
    private final LongObjectMap<Share> deliveries = new LongObjectHashMap<>();

    private int shares;
    private long turns;
    /** Whose the record is that {@link #choose} found. */
    private @Nullable Share chosen;

    /** What the records of one owner in one lane have in common. What it is compared by changes only while it is not waiting. */
    private static final class Share {
        final long number;
        /** Those that wait, and perhaps some that were dropped. */
        final WaitingPlaces places = new WaitingPlaces();

        int inFlight;
        long turn;
        /** Among which it waits. */
        boolean noisy;

        Share(long number) {
            this.number = number;
        }

        int size() {
            return places.size() + inFlight;
        }
    }

    /** The shares of a lane. */
    private static final class ShareTurns {
        private static final Comparator<Share> NEXT_FIRST =
                Comparator.comparingInt((Share share) -> share.inFlight).thenComparingLong(share -> share.turn);

        /** By the number of their key. */
        final LongObjectMap<Share> all = new LongObjectHashMap<>(2);
        // Those that have something waiting.
        final TreeSet<Share> quiet = new TreeSet<>(NEXT_FIRST);
        final TreeSet<Share> noisy = new TreeSet<>(NEXT_FIRST);
        long inFlight;
        int quietInARow;

        void add(Share share, long waiting) {
            share.noisy = isNoisy(share, waiting);
            (share.noisy ? noisy : quiet).add(share);
        }

        boolean remove(Share share) {
            return (share.noisy ? noisy : quiet).remove(share);
        }

        /** {@code waiting}: how many records wait in the lane. */
        boolean isNoisy(Share share, long waiting) {
            return share.size() >= LEAST_NOISY && 100L * share.size() > NOISY_PART * (waiting + inFlight);
        }

        /** Looks again at those that are next, since what others have changes what they are. */
        void sort(long waiting) {
            while (!quiet.isEmpty() && isNoisy(quiet.getFirst(), waiting)) {
                add(quiet.removeFirst(), waiting);
            }
            while (!noisy.isEmpty() && !isNoisy(noisy.getFirst(), waiting)) {
                add(noisy.removeFirst(), waiting);
            }
        }
    }

    FairOrder(int lanes, PassedOver passedOver, int most) {
        this.passedOver = passedOver;
        this.most = most;
        grow(lanes);
    }

    @Override
    public void grow(int laneCount) {
        passedOver.grow(laneCount);
        int before = lanes.length;
        lanes = Arrays.copyOf(lanes, laneCount);
        Arrays.setAll(lanes, i -> i < before ? lanes[i] : new ShareTurns());
    }

    @Override
    public PassedOver passedOver() {
        return passedOver;
    }

    /** A record was read ahead, and passed over in its backlog; {@code number} is that of its key. */
    void waits(long place, long number) {
        if (passedOver.takeManyDropped()) {
            for (ShareTurns lane : lanes) {
                lane.all.values().forEach(share -> share.places.retainIf(passedOver::contains));
            }
        }
        passedOver.add(place);
        int laneIndex = RecordPlace.lane(place);
        ShareTurns lane = lanes[laneIndex];
        Share share = shareOf(lane, number);
        boolean isNew = share.places.isEmpty();
        share.places.add(place);
        long waiting = passedOver.countOf(laneIndex);
        if (isNew || share.noisy != lane.isNoisy(share, waiting)) {
            lane.remove(share);
            lane.add(share, waiting);
        }
    }

    private Share shareOf(ShareTurns lane, long number) {
        Share share = lane.all.get(number);
        if (share != null || shares < most) {
            return share == null ? newShare(lane, number) : share;
        }
        Share common = lane.all.get(OrderingKey.NONE);
        return common == null ? newShare(lane, OrderingKey.NONE) : common;
    }

    private Share newShare(ShareTurns lane, long number) {
        var share = new Share(number);
        share.turn = turns++;
        lane.all.put(number, share);
        shares++;
        return share;
    }

    /**
     * Finds the record that is next in the lane, of those that can be had now.
     *
     * @param toRecord takes an offset and brings the backlog to that record; false if it cannot be had now, or is missing
     */
    boolean choose(int lane, LongPredicate toRecord) {
        ShareTurns turns = lanes[lane];
        turns.sort(passedOver.countOf(lane));
        return turns.quietInARow < QUIET_IN_A_ROW
                ? choose(turns, turns.quiet.iterator(), toRecord) || choose(turns, turns.noisy.iterator(), toRecord)
                : choose(turns, turns.noisy.iterator(), toRecord) || choose(turns, turns.quiet.iterator(), toRecord);
    }

    private boolean choose(ShareTurns lane, Iterator<Share> next, LongPredicate toRecord) {
        for (int asked = 0; asked < MOST_ASKED && next.hasNext(); asked++) {
            Share share = next.next();
            for (long place = firstOf(share); place != RecordPlace.NONE; place = firstOf(share)) {
                if (toRecord.test(RecordPlace.offset(place))) {
                    chosen = share;
                    return true;
                }
                if (passedOver.contains(place)) {
                    break; // it is on its way
                }
            }
            if (share.places.isEmpty()) {
                next.remove();
                forgetIfUnused(lane, share);
            }
        }
        return false;
    }

    /** Forgets those before it that were dropped. */
    private long firstOf(Share share) {
        WaitingPlaces places = share.places;
        while (!places.isEmpty() && !passedOver.contains(places.first())) {
            places.poll();
        }
        return places.isEmpty() ? RecordPlace.NONE : places.first();
    }

    @Override
    public void delivered(long place, long number) {
        Share share = chosen;
        if (share == null) {
            throw new IllegalStateException("choose first");
        }
        chosen = null;
        deliveries.put(place, share);
        int laneIndex = RecordPlace.lane(place);
        ShareTurns lane = lanes[laneIndex];
        lane.quietInARow = share.noisy || lane.noisy.isEmpty() ? 0 : lane.quietInARow + 1;
        lane.remove(share);
        lane.inFlight++;
        share.inFlight++;
        share.turn = turns++;
        if (firstOf(share) != RecordPlace.NONE) {
            lane.add(share, passedOver.countOf(laneIndex));
        }
    }

    @Override
    public void returned(long place) {
        left(place);
    }

    @Override
    public void left(long place) {
        Share share = deliveries.remove(place);
        if (share == null) {
            return;
        }
        int laneIndex = RecordPlace.lane(place);
        ShareTurns lane = lanes[laneIndex];
        boolean waits = lane.remove(share);
        lane.inFlight--;
        share.inFlight--;
        if (waits) {
            lane.add(share, passedOver.countOf(laneIndex));
        } else {
            forgetIfUnused(lane, share);
        }
    }

    private void forgetIfUnused(ShareTurns lane, Share share) {
        if (share.inFlight == 0 && share.places.isEmpty()) {
            lane.all.remove(share.number);
            shares--;
        }
    }

    @Override
    public void forgetWaiting() {
        for (ShareTurns lane : lanes) {
            for (Share share : lane.all.values().toArray(Share[]::new)) {
                share.places.retainIf(place -> false);
                forgetIfUnused(lane, share);
            }
            lane.quiet.clear();
            lane.noisy.clear();
        }
    }

    /** Of whom something is known. */
    int size() {
        return shares;
    }

    /** Records that are remembered, those that were dropped included. */
    int kept() {
        int kept = 0;
        for (ShareTurns lane : lanes) {
            for (Share share : lane.all.values()) {
                kept += share.places.size();
            }
        }
        return kept;
    }
}
