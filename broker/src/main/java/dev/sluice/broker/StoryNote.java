package dev.sluice.broker;

import dev.sluice.log.RecordCursor;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * An event as it is stored: the value of a record in a shard's log of stories, whose timestamp says when. All numbers are big-endian.
 *
 * <pre>
 *   0  1 byte   version, 1
 *   1  1 byte   kind, the code of {@link StoryEvent.Kind}
 *   2  8 bytes  id of the queue
 *  10  4 bytes  lane
 *  14  8 bytes  offset of the record
 *  22  8 bytes  of a purge: the last offset that it was about, and some of those between may have been with a consumer; otherwise the same
 *  30  8 bytes  number of the consumer; 0 but for a delivery
 *  38  4 bytes  how often the record had come back; 0 but for a delivery
 *  42  2 bytes  number of texts N
 *  44  N times  2 bytes length, UTF-8
 * </pre>
 *
 * Immutable.
 */
record StoryNote(
        StoryEvent.Kind kind,
        long queueId,
        int lane,
        long first,
        long last,
        long consumer,
        int deliveryCount,
        List<String> texts) {
    static final byte VERSION = 1;
    static final int MOST_TEXTS = 32;
    /** More of a text is left out. */
    static final int MOST_TEXT_BYTES = 255;

    private static final int KIND = 1;
    private static final int QUEUE = 2;
    private static final int LANE = 10;
    private static final int FIRST = 14;
    private static final int LAST = 22;
    private static final int CONSUMER = 30;
    private static final int COUNT = 38;
    private static final int TEXTS = 42;

    void encode(ByteBuf out) {
        out.writeByte(VERSION)
                .writeByte(kind.code())
                .writeLong(queueId)
                .writeInt(lane)
                .writeLong(first)
                .writeLong(last)
                .writeLong(consumer)
                .writeInt(deliveryCount);
        int count = Math.min(texts.size(), MOST_TEXTS);
        out.writeShort(count);
        for (int i = 0; i < count; i++) {
            byte[] text = texts.get(i).getBytes(StandardCharsets.UTF_8);
            int length = Math.min(text.length, MOST_TEXT_BYTES);
            out.writeShort(length).writeBytes(text, 0, length);
        }
    }

    static long queueId(RecordCursor record) {
        int version = record.buffer().getByte(record.valueIndex());
        if (version != VERSION) {
            throw new IllegalStateException("an event of a story of version " + version
                    + ", this release reads version " + VERSION + ": start the release that wrote this data folder");
        }
        return record.buffer().getLong(record.valueIndex() + QUEUE);
    }

    /** After {@link #queueId}, which checks the version. */
    static StoryNote decode(RecordCursor record) {
        ByteBuf in = record.buffer();
        int at = record.valueIndex();
        int count = in.getUnsignedShort(at + TEXTS);
        var texts = new ArrayList<String>(count);
        int text = at + TEXTS + Short.BYTES;
        for (int i = 0; i < count; i++) {
            int length = in.getUnsignedShort(text);
            texts.add(in.toString(text + Short.BYTES, length, StandardCharsets.UTF_8));
            text += Short.BYTES + length;
        }
        return new StoryNote(
                StoryEvent.Kind.of(in.getByte(at + KIND)),
                in.getLong(at + QUEUE),
                in.getInt(at + LANE),
                in.getLong(at + FIRST),
                in.getLong(at + LAST),
                in.getLong(at + CONSUMER),
                in.getInt(at + COUNT),
                texts);
    }

    /** The part of a text that is stored, as it is read back. */
    static String stored(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return new String(bytes, 0, Math.min(bytes.length, MOST_TEXT_BYTES), StandardCharsets.UTF_8);
    }
}
