package dev.sluice.broker;

import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;
import java.util.function.LongConsumer;

/**
 * Keeps the records of each key of a queue in order, whoever consumes them: a record that is delivered locks its key until it is settled for good, also while it is on its way back or waits to be tried again. Records that are met
 * meanwhile are passed over and remembered with their key. When the key becomes free, the first of them is brought back to its place in the backlog, and is the key's next.
 *
 * <p>Always true: where records of a key wait, it is locked, or has a next that is to be served before them, whose delivery, or whatever else becomes of it, brings the following one. So nobody has to look for what can go on. Costs the same for each record however
 * many keys there are. Confined to the queue's shard.
 */
final class KeyOrder implements ServingOrder {
    private final PassedOver passedOver;
    private final LongConsumer bringBack;
    /** Those that are locked, or have records that wait. */
    private final LongObjectMap<Key> keys = new LongObjectHashMap<>();
    /** Of which key a record is the holder or the next, by its place. */
    private final LongObjectMap<Key> keyOf = new LongObjectHashMap<>();

    private static final class Key {
        final long number;
        /** The record that locks it. */
        long holder = RecordPlace.NONE;
        /** The record that was brought back to follow. */
        long next = RecordPlace.NONE;
        /** Those that wait, and perhaps some that were dropped. */
        final WaitingPlaces waiting = new WaitingPlaces();

        Key(long number) {
            this.number = number;
        }
    }

    /** {@code bringBack}: takes the place of a record that was passed over, and makes it ready to be met again there. */
    KeyOrder(PassedOver passedOver, LongConsumer bringBack) {
        this.passedOver = passedOver;
        this.bringBack = bringBack;
    }

    @Override
    public void grow(int lanes) {
        passedOver.grow(lanes);
    }

    @Override
    public PassedOver passedOver() {
        return passedOver;
    }

    /** Whether the record may be delivered now, as far as its key is concerned. */
    boolean admits(long place, long number) {
        Key key = number == OrderingKey.NONE ? null : keys.get(number);
        if (key == null || key.holder == place) {
            return true;
        }
        long first = firstWaiting(key);
        return key.holder == RecordPlace.NONE && (first == RecordPlace.NONE || first > place);
    }

    /** A record that is not admitted was passed over in its backlog. */
    void waits(long place, long number) {
        if (passedOver.takeManyDropped()) {
            keys.values().forEach(key -> key.waiting.retainIf(passedOver::contains));
        }
        passedOver.add(place);
        Key key = keys.get(number);
        key.waiting.add(place);
        if (key.next == place) {
            keyOf.remove(place);
            key.next = RecordPlace.NONE;
        }
    }

    @Override
    public void delivered(long place, long number) {
        if (number == OrderingKey.NONE) {
            return;
        }
        Key key = keys.get(number);
        if (key == null) {
            key = new Key(number);
            keys.put(number, key);
        }
        if (key.next == place) {
            key.next = RecordPlace.NONE;
        }
        key.holder = place;
        keyOf.put(place, key);
    }

    /** Whether a record locks the key. */
    boolean isLocked(long number) {
        Key key = number == OrderingKey.NONE ? null : keys.get(number);
        return key != null && key.holder != RecordPlace.NONE;
    }

    /** It keeps the lock. */
    @Override
    public void returned(long place) {}

    @Override
    public void left(long place) {
        Key key = keyOf.remove(place);
        if (key == null) {
            return;
        }
        if (key.holder == place) {
            key.holder = RecordPlace.NONE;
        } else {
            key.next = RecordPlace.NONE;
        }
        goOn(key);
    }

    /** Brings back the first that waits, if the key is free and that one is to be served before the next. */
    private void goOn(Key key) {
        if (key.holder != RecordPlace.NONE) {
            return;
        }
        long first = firstWaiting(key);
        if (first != RecordPlace.NONE && (key.next == RecordPlace.NONE || first < key.next)) {
            key.waiting.poll();
            passedOver.remove(first);
            if (key.next != RecordPlace.NONE) {
                keyOf.remove(key.next); // it stands in the backlog like any other
            }
            key.next = first;
            keyOf.put(first, key);
            bringBack.accept(first);
        }
        if (key.next == RecordPlace.NONE) {
            keys.remove(key.number);
        }
    }

    /** Forgets those before it that were dropped. */
    private long firstWaiting(Key key) {
        WaitingPlaces waiting = key.waiting;
        while (!waiting.isEmpty() && !passedOver.contains(waiting.first())) {
            waiting.poll();
        }
        return waiting.isEmpty() ? RecordPlace.NONE : waiting.first();
    }

    @Override
    public void forgetWaiting() {
        for (Key key : keys.values().toArray(Key[]::new)) {
            key.waiting.retainIf(place -> false);
            if (key.next != RecordPlace.NONE) {
                keyOf.remove(key.next);
                key.next = RecordPlace.NONE;
            }
            goOn(key);
        }
    }

    /** Keys that something is known about. */
    int size() {
        return keys.size();
    }

    /** Records that are remembered, those that were dropped included. */
    int kept() {
        return keys.values().stream().mapToInt(key -> key.waiting.size()).sum();
    }
}
