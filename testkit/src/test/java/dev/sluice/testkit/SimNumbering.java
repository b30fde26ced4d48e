package dev.sluice.testkit;

import dev.sluice.broker.PartitionStream;
import dev.sluice.broker.Refusal;
import dev.sluice.log.RecordBatchBuilder;
import dev.sluice.log.RecordHeaders;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * Confined to one thread. A producer that numbers its batches: it has up to five under way from the first that is not confirmed, sends them again in any order, also those that were answered, and knows where each record is that was confirmed or seen.
 */
final class SimNumbering {
    private static final int MOST_UNDER_WAY = 5;
    private static final int REPEATED = 3;
    private static final int PAYLOAD_BYTES = 300;

    private static final int CRC = 17;
    private static final int ATTRIBUTES = 21;
    private static final int PRODUCER_ID = 43;
    private static final int PRODUCER_EPOCH = 51;
    private static final int BASE_SEQUENCE = 53;

    final int index;
    final String target;
    private final BrokerMachine machine;
    private final Seeded random;
    private final SimTrace trace;
    private final long id;
    private int epoch;
    private int nextSequence;
    private int nextNumber;
    private int sent;
    private final ArrayDeque<Sent> underWay = new ArrayDeque<>();
    private final ArrayDeque<Sent> answered = new ArrayDeque<>();
    /** Of the records that were confirmed. */
    private final Map<Integer, Long> confirmed = new HashMap<>();
    /** Of the records that were read or delivered. */
    private final TreeMap<Integer, Long> seen = new TreeMap<>();

    private int repetitions;

    private static final class Sent {
        private final int epoch;
        private final int sequence;
        private final int firstNumber;
        private final int count;
        private final int ordinal;
        private long offset = -1;

        Sent(int epoch, int sequence, int firstNumber, int count, int ordinal) {
            this.epoch = epoch;
            this.sequence = sequence;
            this.firstNumber = firstNumber;
            this.count = count;
            this.ordinal = ordinal;
        }

        @Override
        public String toString() {
            return "epoch " + epoch + " sequence " + sequence + " numbers " + firstNumber + " to "
                    + (firstNumber + count - 1);
        }
    }

    SimNumbering(int index, String target, BrokerMachine machine, Seeded random, SimTrace trace) {
        this.index = index;
        this.target = target;
        this.machine = machine;
        this.random = random;
        this.trace = trace;
        this.id = random.nextLong() & Long.MAX_VALUE;
        this.nextSequence = random.oneIn(3) ? Integer.MAX_VALUE - random.below(40) : 0;
    }

    void act() {
        switch (random.below(8)) {
            case 0, 1, 2, 3 -> sendNext();
            case 4, 5 -> sendAgain();
            case 6 -> repeat();
            default -> beginEpoch();
        }
    }

    /** Until one was confirmed nothing tells the broker where the producer begins: so nothing overtakes the first. */
    private boolean isKnown() {
        return !confirmed.isEmpty();
    }

    private void sendNext() {
        int behindFirst = underWay.isEmpty() ? 0 : sent - underWay.getFirst().ordinal;
        if (behindFirst < (isKnown() ? MOST_UNDER_WAY : 1)) {
            int count = random.between(1, 4);
            var next = new Sent(epoch, nextSequence, nextNumber, count, sent++);
            nextSequence = nextSequence + count & Integer.MAX_VALUE;
            nextNumber += count;
            underWay.addLast(next);
            send(next);
            if (random.oneIn(3)) {
                send(next); // while the first is not durable
            }
        }
    }

    private void sendAgain() {
        if (!underWay.isEmpty()) {
            send(random.pick(new ArrayList<>(underWay)));
        }
    }

    private void repeat() {
        if (!answered.isEmpty()) {
            send(random.pick(new ArrayList<>(answered)));
        }
    }

    private void beginEpoch() {
        if (underWay.isEmpty() && isKnown() && random.oneIn(4)) {
            epoch++;
            nextSequence = 0;
        }
    }

    /** Whether all that was sent is confirmed; sends the first that is not. */
    boolean settles() {
        if (underWay.isEmpty()) {
            return true;
        }
        send(underWay.getFirst());
        return false;
    }

    private void send(Sent batch) {
        boolean isFirst = batch == underWay.peekFirst();
        trace.add(index + " sends " + batch);
        machine.on(
                random.pick(machine.shards()),
                view -> Objects.requireNonNull(view.topic(target))
                        .partition(0)
                        .append(bytes(batch), batch.count, new PartitionStream.AppendReply() {
                            @Override
                            public void appended(long baseOffset, long startOffset) {
                                if (machine.isUp()) {
                                    confirmed(batch, baseOffset);
                                }
                            }

                            @Override
                            public void refused(Refusal refusal) {
                                trace.add(index + " refused " + batch + ": " + refusal);
                                BrokerMachine.require(
                                        !machine.isUp() || !isFirst || refusal.reason() == Refusal.Reason.STORAGE,
                                        "producer " + index + " cannot go on with " + batch + ": " + refusal);
                            }
                        }));
    }

    private void confirmed(Sent batch, long baseOffset) {
        trace.add(index + " confirmed " + batch + " at " + baseOffset);
        if (batch.offset >= 0) {
            BrokerMachine.require(batch.offset == baseOffset, batch + " is at " + batch.offset + " and " + baseOffset);
            repetitions++;
            return;
        }
        batch.offset = baseOffset;
        for (int i = 0; i < batch.count; i++) {
            confirmed.put(batch.firstNumber + i, baseOffset + i);
        }
        underWay.remove(batch);
        answered.addLast(batch);
        if (answered.size() > REPEATED) {
            answered.removeFirst();
        }
    }

    /** Batches that were answered more than once. */
    int repetitions() {
        return repetitions;
    }

    private ByteBuf bytes(Sent batch) {
        try (var builder = new RecordBatchBuilder(PooledByteBufAllocator.DEFAULT)) {
            for (int i = 0; i < batch.count; i++) {
                ByteBuf value = Unpooled.buffer(PAYLOAD_BYTES)
                        .writeInt(index)
                        .writeInt(batch.firstNumber + i)
                        .writeZero(PAYLOAD_BYTES);
                builder.append(0, null, value, RecordHeaders.EMPTY);
            }
            ByteBuf bytes = builder.build();
            bytes.setLong(PRODUCER_ID, id).setShort(PRODUCER_EPOCH, batch.epoch).setInt(BASE_SEQUENCE, batch.sequence);
            var crc = new CRC32C();
            crc.update(bytes.nioBuffer(ATTRIBUTES, bytes.readableBytes() - ATTRIBUTES));
            bytes.setInt(CRC, (int) crc.getValue());
            return bytes;
        }
    }

    // ---- what is in the partition ----

    void see(int number, long offset) {
        Long before = seen.put(number, offset);
        BrokerMachine.require(
                before == null || before == offset,
                "number " + number + " of producer " + index + " is at " + before + " and at " + offset);
    }

    /** What was confirmed was seen where it is, all are in the order in which they were sent, and none is missing between. */
    void verify() {
        confirmed.forEach((number, offset) -> BrokerMachine.require(
                offset.equals(seen.get(number)),
                "number " + number + " of producer " + index + " is confirmed at " + offset + " and seen at "
                        + seen.get(number)));
        List<Long> offsets = new ArrayList<>(seen.values());
        for (int i = 1; i < offsets.size(); i++) {
            BrokerMachine.require(
                    offsets.get(i) > offsets.get(i - 1), "producer " + index + " is out of order: " + seen);
        }
        BrokerMachine.require(
                seen.isEmpty() || seen.lastKey() == seen.size() - 1,
                "producer " + index + " has gaps: " + seen.keySet());
    }
}
