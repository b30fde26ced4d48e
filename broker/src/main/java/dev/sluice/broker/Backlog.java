package dev.sluice.broker;

import dev.sluice.broker.LogReader.Position;
import dev.sluice.log.OffsetSet;
import dev.sluice.log.PartitionLog;
import dev.sluice.log.RecordCursor;
import io.netty.buffer.ByteBuf;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The records of one lane that are not settled: what is next, what came back, what is on its way. Holds no object per stored record; the reading position stands for all that
 * was never delivered. Confined to the queue's shard.
 */
final class Backlog {
    private final PartitionLog log;
    private final ReadyLanes readyLanes;
    private final int lane;
    private final BacklogReader reader;
    /** Which are settled. */
    private final Cursor cursor;
    /** Delivered before and back in their place. */
    private final TreeSet<Long> released = new TreeSet<>();

    /** Hears of every record that is settled, and knows which are passed over; null where records are served as they came. */
    private final @Nullable ServingOrder order;

    /** Everything at or above was never delivered by this process. */
    private long next;

    /** In flight though they are not below {@link #next}, which passes over them; null while there are none. */
    private @Nullable OffsetSet takenAhead;

    private long unsettled;
    private long inFlight;
    private long aside;
    /** What {@link #readyLanes} knows. */
    private long counted;

    /** Null unless somebody wants to know. */
    private ReadyBytes.@Nullable Part bytes;

    Backlog(
            PartitionLog log,
            CursorState state,
            Runnable readable,
            ReadyLanes readyLanes,
            int lane,
            @Nullable ServingOrder order) {
        this.log = log;
        this.readyLanes = readyLanes;
        this.lane = lane;
        this.order = order;
        this.reader = new BacklogReader(log, readable);
        this.cursor = new Cursor(state, log);
        this.next = cursor.nextUnsettled(0);
        this.unsettled = cursor.unsettledBelow(log.endOffset());
        countReady();
    }

    /** What of it outlives the process. Only this class changes it. */
    Cursor cursor() {
        return cursor;
    }

    /** Where it stands, after {@link #peek}. */
    BacklogReader reader() {
        return reader;
    }

    /** No record at or above was ever delivered by this process. */
    long deliveredBelow() {
        return next;
    }

    /** Counts the bytes of what is ready, from now on; completes, on the log's owner, when those of what is there already are known. */
    CompletableFuture<Void> countBytes(ReadyBytes.Part counter) {
        bytes = counter;
        return LogScan.run(log, cursor::nextUnsettled, record -> {
            if (!cursor.isSettled(record.offset())) {
                counter.appended(ReadyBytes.bodyBytes(record));
            }
        });
    }

    /** Records that are stored, or about to be, and neither delivered nor put aside. */
    long ready() {
        return unsettled - inFlight - aside;
    }

    /** Records that wait for something else than a consumer; whoever put them aside remembers which. */
    long aside() {
        return aside;
    }

    long inFlight() {
        return inFlight;
    }

    /** Whether a record that is not settled is ready; if not, it is in flight or put aside. */
    boolean isReady(long offset) {
        return offset >= next ? !isTakenAhead(offset) : released.contains(offset) || isPassedOver(offset);
    }

    private boolean isPassedOver(long offset) {
        return order != null && order.passedOver().contains(RecordPlace.of(lane, offset));
    }

    private boolean isTakenAhead(long offset) {
        return takenAhead != null && takenAhead.contains(offset);
    }

    /** As {@link Cursor#nextUnsettled} for records that were never delivered, without those in flight. */
    private long nextAhead(long offset) {
        long found = cursor.nextUnsettled(offset);
        while (takenAhead != null && takenAhead.contains(found)) {
            found = cursor.nextUnsettled(takenAhead.firstAbsent(found));
        }
        return found;
    }

    /** Takes a ready record out of turn: it is in flight until it is settled or {@linkplain #putBack put back}. */
    void takeOutOfTurn(RecordCursor record) {
        long offset = record.offset();
        countTaken(record);
        if (!dropReleased(offset) && !dropPassedOver(offset)) {
            if (takenAhead == null) {
                takenAhead = new OffsetSet();
            }
            takenAhead.add(offset, offset);
        }
        inFlight++;
        countReady();
    }

    /** A record that was taken out of turn is ready in its place, as if nothing had happened. */
    void putBack(long offset) {
        forgetTakenAhead(offset);
        inFlight--;
        if (offset < next) {
            released.add(offset);
        }
        isReadyAgain(offset);
        if (order != null) {
            order.left(RecordPlace.of(lane, offset));
        }
    }

    private void forgetTakenAhead(long offset) {
        if (takenAhead != null) {
            takenAhead.remove(offset, offset);
            if (takenAhead.isEmpty()) {
                takenAhead = null;
            }
        }
    }

    /** To be called after every change of what is ready. */
    private void countReady() {
        long ready = ready();
        if (ready != counted) {
            readyLanes.changed(lane, ready - counted, ready);
            counted = ready;
        }
        if (bytes != null && ready == 0) {
            bytes.none();
        }
    }

    /** The batch is about to be appended: {@link #appended} follows. */
    void appending(ByteBuf batch) {
        if (bytes != null) {
            bytes.appended(bytes.bodyBytes(batch));
        }
    }

    void appended(long count) {
        unsettled += count;
        countReady();
    }

    /** Offset of the oldest record that is ready, or below it if that one is not looked for yet. */
    long oldest() {
        return Math.min(oldestPassedOver(), released.isEmpty() ? next : released.first());
    }

    private long oldestPassedOver() {
        return order == null ? Long.MAX_VALUE : order.passedOver().oldestOf(lane);
    }

    /** Goes to the oldest record that is ready and was not passed over; after {@link Position#AT}, {@link #record} is it, or the first one behind it if it is missing. */
    Position peek() {
        if (!released.isEmpty()) {
            return reader.seekReleased(released.first());
        }
        next = nextAhead(next);
        return reader.seekNew(next);
    }

    /** As {@link #peek}, for the oldest record that is ready. */
    Position peekOldest() {
        long oldest = oldestPassedOver();
        return oldest > oldest() ? peek() : peekAt(oldest);
    }

    /** As {@link #peek}, for a record that was passed over. */
    Position peekAt(long offset) {
        return reader.seekPassedOver(offset);
    }

    /** The record found by {@link #peek}. */
    RecordCursor record() {
        return reader.record();
    }

    /** After {@link Position#MISSING}: as {@link #skipMissing(long)} up to where there may be a record again. */
    long skipMissing() {
        return skipMissing(reader.missingBelow());
    }

    /** How many records the log misses between the place asked for and the offset where {@link #peek} found one: 0 unless records were lost. They are settled now, and it is to be looked for anew. */
    long skipMissing(long found) {
        long missing = 0;
        for (long offset = reader.asked(); offset < found; offset = cursor.nextUnsettled(offset + 1)) {
            if (released.remove(offset) || dropPassedOver(offset) || (offset >= next && !isTakenAhead(offset))) {
                if (bytes != null) {
                    bytes.lose(offset);
                }
                settle(offset);
                missing++;
            }
        }
        return missing;
    }

    /** The record found by {@link #peek} is on its way to a consumer now. */
    void take() {
        countTaken(record());
        passPeeked();
        inFlight++;
        countReady();
    }

    /** The record found by {@link #peek} is not ready yet: the next one can be had. A restart forgets it, and meets the record again. */
    void setAside() {
        countTaken(record());
        passPeeked();
        aside++;
        countReady();
    }

    private void countTaken(RecordCursor record) {
        if (bytes != null) {
            bytes.take(record.offset(), ReadyBytes.bodyBytes(record));
        }
    }

    /** A record that was put aside is ready, in its place. */
    void bringBack(long offset) {
        aside--;
        cameBack(offset);
    }

    private void cameBack(long offset) {
        released.add(offset);
        isReadyAgain(offset);
    }

    private void isReadyAgain(long offset) {
        if (bytes != null) {
            bytes.bringBack(offset);
        }
        countReady();
        readyLanes.headChanged(lane);
    }

    private boolean dropReleased(long offset) {
        boolean isThere = released.remove(offset);
        if (isThere && released.isEmpty()) {
            reader.releaseReleased();
        }
        return isThere;
    }

    private boolean dropPassedOver(long offset) {
        return order != null && order.passedOver().drop(RecordPlace.of(lane, offset));
    }

    /** The record found by {@link #peek} may not be delivered now, though it is ready: the next one can be had. It is in {@link PassedOver} from now on. */
    void leave() {
        passPeeked();
    }

    /** A record that was passed over is to be met again, in its place. */
    void recall(long offset) {
        released.add(offset);
        readyLanes.headChanged(lane);
    }

    /** How many ready records were not passed over. */
    long ahead() {
        return order == null ? ready() : ready() - order.passedOver().countOf(lane);
    }

    /** A record that was put aside is settled for good. */
    void settleAside(long offset) {
        aside--;
        settle(offset);
    }

    private void passPeeked() {
        long offset = reader.asked();
        switch (reader.among()) {
            case NEW -> next = offset + 1;
            case RELEASED -> dropReleased(offset);
            case PASSED_OVER -> dropPassedOver(offset);
        }
    }

    /** A record in flight is settled for good. */
    void settleInFlight(long offset) {
        inFlight--;
        settle(offset);
    }

    /** A record in flight goes back to its place. */
    void release(long offset) {
        countReturn(offset);
        cameBack(offset);
    }

    /** A record in flight comes back and is not ready yet: it is put aside. */
    void releaseAside(long offset) {
        countReturn(offset);
        aside++;
    }

    private void countReturn(long offset) {
        inFlight--;
        if (order != null) {
            order.returned(RecordPlace.of(lane, offset));
        }
        cursor.countReturn(offset);
    }

    /** Takes the oldest ready record, without reading it, as if it were on its way to a consumer; returns its offset, -1 if none is durable yet. Not where bytes are counted. */
    long takeOldest() {
        next = nextAhead(next);
        long oldest = oldest();
        if (oldest >= log.durableOffset()) {
            return -1;
        }
        if (oldest == next) {
            next++;
        } else if (!released.remove(oldest)) {
            dropPassedOver(oldest);
        }
        inFlight++;
        countReady();
        return oldest;
    }

    /** Settles all that is ready; returns how many that was. */
    long purge() {
        long purged = ready();
        while (!released.isEmpty()) {
            settle(released.removeFirst());
        }
        if (order != null) {
            order.passedOver().dropBelow(lane, next, cursor::settle);
        }
        settleAhead(log.endOffset());
        cursor.forgetSettled();
        if (bytes != null) {
            bytes.forget(cursor::isSettled);
        }
        unsettled = inFlight + aside;
        countReady();
        return purged;
    }

    /** Settles what is ready below the offset, since the log does not have it any more; returns how many records that was. */
    long loseBelow(long below) {
        long before = ready();
        if (order != null) {
            unsettled -= order.passedOver().dropBelow(lane, below, cursor::settle);
        }
        while (!released.isEmpty() && released.first() < below) {
            settle(released.removeFirst());
        }
        if (next < below) {
            long end = log.endOffset();
            long unsettledBefore = cursor.unsettledBelow(end);
            settleAhead(below);
            unsettled -= unsettledBefore - cursor.unsettledBelow(end);
        }
        countReady();
        return before - ready();
    }

    /** Settles all that was never delivered below the offset, without counting it. */
    private void settleAhead(long below) {
        next = nextAhead(next);
        while (next < below) {
            long taken = takenAhead == null ? -1 : takenAhead.firstPresent(next);
            long until = taken < 0 ? below : Math.min(taken, below);
            cursor.settle(next, until - 1);
            next = nextAhead(until);
        }
    }

    private void settle(long offset) {
        unsettled--;
        countReady();
        forgetTakenAhead(offset);
        cursor.settle(offset);
        if (bytes != null) {
            bytes.settle(offset);
        }
        if (order != null) {
            order.left(RecordPlace.of(lane, offset));
        }
    }

    void close() {
        reader.close();
    }
}
