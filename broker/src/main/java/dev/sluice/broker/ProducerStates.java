package dev.sluice.broker;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.LongSupplier;

/**
 * What is known of the producers that number their batches: of each its epoch, what comes next, and its last batches with their offsets, so that a batch that comes again is told from the next one. As Kafka has it, a producer that is
 * not known may begin anywhere: it could have been silent for so long that it was forgotten. Confined to its owner.
 */
final class ProducerStates {
    /** When there are more, the one that was silent for the longest is forgotten. They take 4 MB. */
    static final int MOST_PRODUCERS = 10_000;
    /** Of each producer; clients have no more under way at a time. */
    static final int REMEMBERED_BATCHES = 5;
    /** A producer that is silent for so long is forgotten. */
    static final long FORGOTTEN_AFTER_MS = 24 * 60 * 60 * 1000L;

    /** Those that were silent for the longest are first. */
    private final SequencedMap<Long, Producer> producers = new LinkedHashMap<>();

    private final int mostProducers;
    /** Where the batches end that survive a crash. */
    private final LongSupplier durableOffset;

    /** What is to happen with a batch. */
    sealed interface Verdict {
        /** It is the next of its producer. */
        record Append() implements Verdict {}

        /** It was appended before, at this place. */
        record Duplicate(long baseOffset, long endOffset) implements Verdict {}

        /** It has no place here. */
        record Refused(Refusal.Reason reason, String detail) implements Verdict {}
    }

    static final Verdict APPEND = new Verdict.Append();

    private static final class Producer {
        private final ArrayDeque<ProducerBatch> batches = new ArrayDeque<>(REMEMBERED_BATCHES);
        private short epoch;
        private int nextSequence;
        private long lastMs;

        void add(ProducerBatch batch, long nowMs, long durableOffset) {
            batches.addLast(batch);
            expect(batch.epoch(), batch.nextSequence(), nowMs);
            // The last that is durable stays, whatever is under way behind it: that is what a crash goes back to.
            while (batches.size() > REMEMBERED_BATCHES && secondEnd() <= durableOffset) {
                batches.removeFirst();
            }
        }

        private long secondEnd() {
            Iterator<ProducerBatch> oldest = batches.iterator();
            oldest.next();
            return oldest.next().endOffset();
        }

        void expect(short newEpoch, int sequence, long nowMs) {
            epoch = newEpoch;
            nextSequence = sequence;
            lastMs = nowMs;
        }
    }

    /** Receives batches and when the last of their producer came. */
    interface Visitor {
        void batch(ProducerBatch batch, long lastMs);
    }

    ProducerStates(int mostProducers, LongSupplier durableOffset) {
        this.mostProducers = mostProducers;
        this.durableOffset = durableOffset;
    }

    boolean isEmpty() {
        return producers.isEmpty();
    }

    int size() {
        return producers.size();
    }

    /** Whether the batch is to be appended. */
    Verdict verdict(ProducerBatch batch, long nowMs) {
        forgetSilent(nowMs);
        Producer producer = producers.get(batch.producerId());
        if (producer == null) {
            return APPEND;
        }
        if (batch.epoch() < producer.epoch) {
            return new Verdict.Refused(
                    Refusal.Reason.OLD_PRODUCER_EPOCH,
                    "producer " + batch.producerId() + " has epoch " + producer.epoch + " and not " + batch.epoch()
                            + " any more");
        }
        boolean isNewEpoch = batch.epoch() != producer.epoch;
        int expected = isNewEpoch ? 0 : producer.nextSequence;
        if (batch.firstSequence() == expected) {
            return APPEND;
        }
        for (ProducerBatch before : producer.batches) {
            if (before.isSameAs(batch)) {
                return new Verdict.Duplicate(before.baseOffset(), before.endOffset());
            }
        }
        return new Verdict.Refused(
                Refusal.Reason.OUT_OF_ORDER_SEQUENCE,
                "the next batch of producer " + batch.producerId() + " in epoch " + batch.epoch()
                        + " begins with sequence number " + expected + ", not " + batch.firstSequence());
    }

    /** The batch was appended. */
    void add(ProducerBatch batch, long nowMs) {
        touched(batch.producerId()).add(batch, nowMs, durableOffset.getAsLong());
    }

    /** The batch, which could have been appended, was not: nor will those behind it be, until it comes again. */
    void notAppended(ProducerBatch batch, long nowMs) {
        if (!producers.containsKey(batch.producerId())) {
            touched(batch.producerId()).expect(batch.epoch(), batch.firstSequence(), nowMs);
        }
    }

    private Producer touched(long producerId) {
        Producer known = producers.get(producerId);
        if (known == null && producers.size() >= mostProducers) {
            producers.pollFirstEntry();
        }
        Producer producer = known == null ? new Producer() : known;
        producers.putLast(producerId, producer);
        return producer;
    }

    void forgetSilent(long nowMs) {
        for (var oldest = producers.firstEntry();
                oldest != null && nowMs - oldest.getValue().lastMs >= FORGOTTEN_AFTER_MS;
                oldest = producers.firstEntry()) {
            producers.pollFirstEntry();
        }
    }

    /** Shows what is remembered of the batches that end above {@code from}, as far as it is durable. */
    void forEachDurableAbove(long from, Visitor visitor) {
        long durable = durableOffset.getAsLong();
        for (Producer producer : producers.sequencedValues().reversed()) {
            ProducerBatch last = producer.batches.peekLast();
            if (last == null) {
                continue;
            }
            if (last.endOffset() <= from) {
                return; // those before were silent since then
            }
            for (ProducerBatch batch : producer.batches) {
                if (batch.endOffset() > from && batch.endOffset() <= durable) {
                    visitor.batch(batch, producer.lastMs);
                }
            }
        }
    }

    /** What is known of each producer, for people. */
    List<ProducerStatus> status() {
        var all = new ArrayList<ProducerStatus>(producers.size());
        producers.forEach((id, producer) -> {
            ProducerBatch last = producer.batches.peekLast();
            if (last != null) {
                all.add(new ProducerStatus(id, producer.epoch, last.lastSequence(), producer.lastMs));
            }
        });
        return all;
    }
}
