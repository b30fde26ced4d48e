package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;

/**
 * Knows what a queue that is ordered by key may do: one unsettled delivery of a key, in the order of publishing, the same record again until it is settled, and no key left waiting while somebody could take its record. Confined to one
 * thread at a time.
 */
final class KeyChecker {
    private final long leaseMs;
    private final int deliveryLimit;
    private final long retryMs;
    private final Map<String, Entry> byText = new HashMap<>();
    private final Map<String, List<Entry>> unsettledOf = new HashMap<>();
    private final Map<SteppedBroker.Client, Map<Long, Entry>> deliveriesOf = new HashMap<>();
    private final List<String> violations = new ArrayList<>();
    private long nowMs;
    private long settled;

    /** A record. */
    private static final class Entry {
        final String key;
        final String text;
        final int lane;
        /** Those of its key that are not settled, in the order of publishing. */
        final List<Entry> siblings;

        long readyMs;
        SteppedBroker.@org.jspecify.annotations.Nullable Client holder;
        long delivery;
        long leaseEndMs;
        int returns;
        boolean wasDelivered;
        final boolean delayed;

        Entry(String key, String text, int lane, List<Entry> siblings, long readyMs) {
            this.key = key;
            this.lane = lane;
            this.siblings = siblings;
            this.text = text;
            this.readyMs = readyMs;
            this.delayed = readyMs > 0;
        }
    }

    /** {@code retryMs}: the least time that a record waits when it came back. */
    KeyChecker(long leaseMs, int deliveryLimit, long retryMs) {
        this.leaseMs = leaseMs;
        this.deliveryLimit = deliveryLimit;
        this.retryMs = retryMs;
    }

    /** The text of the next record of the key in the lane; {@code readyMs} is 0 for one that is not delayed. */
    String published(String key, int lane, long readyMs) {
        List<Entry> siblings = unsettledOf.computeIfAbsent(key, name -> new ArrayList<>());
        var entry = new Entry(key, key + "-" + byText.size(), lane, siblings, readyMs);
        byText.put(entry.text, entry);
        siblings.add(entry);
        return entry.text;
    }

    void delivered(SteppedBroker.Client client, long delivery, String text, int count, long atMs) {
        passed(atMs);
        Entry entry = Objects.requireNonNull(byText.get(text));
        if (!entry.siblings.contains(entry) || entry.holder != null) {
            violations.add(text + " is settled, or somebody's, and delivered again");
        }
        if (count != entry.returns) {
            violations.add(text + " came back " + entry.returns + " times, not " + count);
        }
        if (entry.readyMs > atMs) {
            violations.add(text + " is delivered before its time");
        }
        if (!entry.key.isEmpty()) {
            checkOthers(entry);
        }
        entry.wasDelivered = true;
        if (client.spec.noAck()) {
            settle(entry);
        } else {
            entry.holder = client;
            entry.delivery = delivery;
            entry.leaseEndMs = atMs + leaseMs;
            deliveriesOf(client).put(delivery, entry);
        }
    }

    private void checkOthers(Entry entry) {
        boolean isEarlier = true;
        for (Entry other : entry.siblings) {
            if (other == entry) {
                isEarlier = false;
            } else if (other.wasDelivered) {
                violations.add(entry.text + " is delivered while " + other.text + " locks their key");
            } else if (isEarlier && other.lane == entry.lane && !mayBeOvertaken(other, entry)) {
                violations.add(entry.text + " is delivered before " + other.text);
            }
        }
    }

    /** A delayed record does not lock its key before it is due, and not after that while one of them is out. */
    private boolean mayBeOvertaken(Entry other, Entry by) {
        return other.delayed && (other.readyMs >= nowMs || by.wasDelivered);
    }

    /** It is so late now. */
    void passed(long atMs) {
        nowMs = atMs;
        for (List<Entry> entries : unsettledOf.values()) {
            for (Entry entry : List.copyOf(entries)) {
                if (entry.holder != null && entry.leaseEndMs <= nowMs) {
                    comeBack(entry, 0);
                }
            }
        }
    }

    /** The client is about to settle the delivery for good. */
    void settling(SteppedBroker.Client client, long delivery) {
        Entry entry = take(client, delivery);
        if (isOf(entry, client, delivery)) {
            settle(entry);
        }
    }

    void releasing(SteppedBroker.Client client, long delivery, long delayMs) {
        Entry entry = take(client, delivery);
        if (isOf(entry, client, delivery)) {
            comeBack(entry, delayMs);
        }
    }

    private Entry take(SteppedBroker.Client client, long delivery) {
        return Objects.requireNonNull(deliveriesOf(client).remove(delivery));
    }

    /** Whether the lease is not over. */
    private static boolean isOf(Entry entry, SteppedBroker.Client client, long delivery) {
        return entry.holder == client && entry.delivery == delivery;
    }

    void closing(SteppedBroker.Client client) {
        deliveriesOf(client).forEach((delivery, entry) -> {
            if (isOf(entry, client, delivery)) {
                comeBack(entry, 0);
            }
        });
        deliveriesOf(client).clear();
    }

    private Map<Long, Entry> deliveriesOf(SteppedBroker.Client client) {
        return deliveriesOf.computeIfAbsent(client, any -> new TreeMap<>());
    }

    private void comeBack(Entry entry, long delayMs) {
        entry.holder = null;
        if (entry.returns == deliveryLimit) {
            settle(entry);
        } else {
            entry.returns++;
            entry.readyMs = nowMs + Math.max(delayMs, retryMs);
        }
    }

    private void settle(Entry entry) {
        entry.siblings.remove(entry);
        settled++;
    }

    /** All is quiet: nobody who could take a record goes without, as long as there is one. */
    void expectNoStall(List<SteppedBroker.Client> clients) {
        if (clients.stream().anyMatch(this::isFree)) {
            unsettledOf.forEach((key, entries) -> {
                if (key.isEmpty() || entries.stream().noneMatch(entry -> entry.wasDelivered)) {
                    entries.stream()
                            .filter(entry -> entry.holder == null && entry.readyMs < nowMs)
                            .forEach(entry -> violations.add(entry.text + " waits while somebody could take it"));
                } else {
                    entries.stream()
                            .filter(entry -> entry.wasDelivered && entry.holder == null && entry.readyMs < nowMs)
                            .forEach(entry -> violations.add(entry.text + " waits though it locks its key"));
                }
            });
        }
        assertThat(violations).isEmpty();
    }

    private boolean isFree(SteppedBroker.Client client) {
        return client.isSubscribed()
                && (client.spec.noAck() || deliveriesOf(client).size() < client.spec.prefetch());
    }

    /** Whether the client has deliveries that it did not settle, also if their leases are over. */
    boolean holds(SteppedBroker.Client client) {
        return !deliveriesOf(client).isEmpty();
    }

    long anyOf(SteppedBroker.Client client, Random random) {
        List<Long> deliveries = List.copyOf(deliveriesOf(client).keySet());
        return deliveries.get(random.nextInt(deliveries.size()));
    }

    long settled() {
        return settled;
    }
}
