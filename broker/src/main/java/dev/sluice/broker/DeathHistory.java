package dev.sluice.broker;

import dev.sluice.log.RecordCursor;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * From which queues a dead letter comes, and why. Immutable. Stored in a record header that is the first of its record, or follows {@link RecordAttributes}, so that looking for it costs one comparison or two. Its value, numbers
 * big-endian, where a name is its length (1 byte) and that many bytes of UTF-8, and a reason one byte: 0 rejected, 1 expired, 2 length limit, 3 delivery limit:
 *
 * <pre>
 *   1 byte  version, 2
 *   1 byte  reason of the first death
 *   name    queue of the first death
 *   name    exchange of the first death
 *   name    exchange of the last death
 *   1 byte  how many of the deaths happened since the record was redriven last, version 1 does not have it: all
 *   1 byte  number of deaths D
 *   D times, the last first:
 *     1 byte   reason
 *     8 bytes  how often
 *     8 bytes  when it happened first, milliseconds since 1970
 *     8 bytes  time to live that the record had, in milliseconds, -1 for none
 *     name     queue
 *     name     exchange
 *     name     routing key
 * </pre>
 *
 * @param firstReason of the very first death
 * @param firstQueue of the very first death
 * @param firstExchange of the very first death
 * @param lastExchange where the record had been published when it died last
 * @param recent how many of the deaths, from the last on, happened since somebody brought the record back; all if nobody did
 * @param deaths the last first, one of each queue and reason; the oldest are forgotten above {@value #MOST_DEATHS}
 */
public record DeathHistory(
        DeathReason firstReason,
        String firstQueue,
        String firstExchange,
        String lastExchange,
        int recent,
        List<Death> deaths) {
    public static final int MOST_DEATHS = 32;

    /** Name of the header; not to be written to. */
    @SuppressWarnings("MutablePublicArray") // compared with bytes of every record: a copy each time is too dear
    public static final byte[] KEY = (RouteHeader.RESERVED_PREFIX + "deaths").getBytes(StandardCharsets.US_ASCII);

    private static final byte VERSION = 2;

    public DeathHistory {
        deaths = List.copyOf(deaths);
    }

    /** The history of a record that has just died; {@code before} is what it had, null for none. */
    static DeathHistory after(@Nullable DeathHistory before, Death death) {
        if (before == null) {
            return new DeathHistory(
                    death.reason(), death.queue(), death.exchange(), death.exchange(), 1, List.of(death));
        }
        var deaths = new ArrayList<Death>(before.deaths.size() + 1);
        Death last = death;
        int recent = 1;
        for (int i = 0; i < before.deaths.size(); i++) {
            Death earlier = before.deaths.get(i);
            if (earlier.isSame(death)) {
                last = earlier.again();
            } else {
                deaths.add(earlier);
                recent += i < before.recent ? 1 : 0;
            }
        }
        deaths.addFirst(last);
        if (deaths.size() > MOST_DEATHS) {
            deaths.removeLast();
        }
        return new DeathHistory(
                before.firstReason,
                before.firstQueue,
                before.firstExchange,
                death.exchange(),
                Math.min(recent, MOST_DEATHS),
                deaths);
    }

    /** The history of a record that somebody brings back: it is no sign any more that the record goes round by itself. */
    DeathHistory redriven() {
        return new DeathHistory(firstReason, firstQueue, firstExchange, lastExchange, 0, deaths);
    }

    /** The very first death; the oldest that is remembered if that one was forgotten. */
    Death first() {
        for (Death death : deaths) {
            if (death.reason() == firstReason && death.queue().equals(firstQueue)) {
                return death;
            }
        }
        return deaths.getLast();
    }

    Death last() {
        return deaths.getFirst();
    }

    /** Whether it died in that queue before, and no consumer has rejected it and nobody brought it back since: without anybody's doing it would go round for ever. */
    boolean isCycleThrough(String queue) {
        for (Death death : deaths.subList(0, recent)) {
            if (death.reason() == DeathReason.REJECTED) {
                return false;
            }
            if (death.queue().equals(queue)) {
                return true;
            }
        }
        return false;
    }

    /** The record's history; null if it is no dead letter. */
    public static @Nullable DeathHistory of(RecordCursor record) {
        if (record.headerCount() == 0) {
            return null;
        }
        record.rewindHeaders();
        boolean found = record.nextHeader();
        if (found && record.headerKeyEquals(RecordAttributes.KEY)) {
            found = record.nextHeader();
        }
        return found && record.headerKeyEquals(KEY) && record.headerValueLength() > 0
                ? decode(record.buffer(), record.headerValueIndex())
                : null;
    }

    /** Null for a version that this release does not know. */
    static @Nullable DeathHistory decode(ByteBuf buffer, int index) {
        ByteBuf in = buffer.duplicate();
        in.readerIndex(index);
        byte version = in.readByte();
        if (version < 1 || version > VERSION) {
            return null;
        }
        DeathReason firstReason = DeathReason.of(in.readByte());
        String firstQueue = readName(in);
        String firstExchange = readName(in);
        String lastExchange = readName(in);
        int recent = version == 1 ? MOST_DEATHS : in.readUnsignedByte();
        int count = in.readUnsignedByte();
        var deaths = new ArrayList<Death>(count);
        for (int i = 0; i < count; i++) {
            DeathReason reason = DeathReason.of(in.readByte());
            long times = in.readLong();
            long timeMs = in.readLong();
            long ttlMs = in.readLong();
            deaths.add(new Death(readName(in), reason, readName(in), readName(in), times, timeMs, ttlMs));
        }
        return new DeathHistory(firstReason, firstQueue, firstExchange, lastExchange, Math.min(recent, count), deaths);
    }

    /** The header's value. */
    ByteBuf encode() {
        ByteBuf out = Unpooled.buffer(128);
        out.writeByte(VERSION).writeByte(firstReason.code());
        writeName(out, firstQueue);
        writeName(out, firstExchange);
        writeName(out, lastExchange);
        out.writeByte(recent).writeByte(deaths.size());
        for (Death death : deaths) {
            out.writeByte(death.reason().code());
            out.writeLong(death.count()).writeLong(death.timeMs()).writeLong(death.ttlMs());
            writeName(out, death.queue());
            writeName(out, death.exchange());
            writeName(out, death.routingKey());
        }
        return out;
    }

    private static void writeName(ByteBuf out, String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        int length = Math.min(bytes.length, RouteHeader.MAX_BYTES);
        out.writeByte(length).writeBytes(bytes, 0, length);
    }

    private static String readName(ByteBuf in) {
        return in.readCharSequence(in.readUnsignedByte(), StandardCharsets.UTF_8)
                .toString();
    }
}
