package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.broker.QueueSettings.Overflow;
import dev.sluice.log.Durability;
import dev.sluice.log.LogId;
import dev.sluice.log.OffsetSet;
import dev.sluice.testrules.FormatsPage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.util.collection.LongObjectHashMap;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The examples of docs/formats.md are what is written, and are read as what they say. */
class FormatsPageTest {
    private static final LogId LOG = new LogId(0x2a);

    @Test
    void exchange() throws IOException {
        var spec = new ExchangeSpec("news", ExchangeType.TOPIC, true, false, false, "rest");
        assertPage("exchange", TopologyCodec.exchange(spec));
        assertThat(TopologyCodec.exchange(FormatsPage.example("exchange"))).isEqualTo(spec);
        assertThat(TopologyCodec.exchange(FormatsPage.example("exchange-1"))).isEqualTo(spec);
        var delayed = new ExchangeSpec("news", ExchangeType.TOPIC, true, false, false, true, null);
        assertThat(TopologyCodec.exchange(TopologyCodec.exchange(delayed))).isEqualTo(delayed);
    }

    @Test
    void queue() throws IOException {
        var queue = stored(Durability.interval(100), QueuePauses.CONSUMING);
        assertPage("queue", TopologyCodec.queue(queue));
        assertThat(TopologyCodec.queue(FormatsPage.example("queue"))).isEqualTo(queue);
    }

    @Test
    void subscription() throws IOException {
        QueueSettings settings = QueueSettings.DEFAULT.with(QueueProperty.TOPIC, "orders");
        var spec = new QueueSpec("mailer", true, false, false, settings);
        var subscription = new TopologyCodec.StoredQueue(LOG, spec, List.of(0L, 17L));
        assertPage("subscription", TopologyCodec.queue(subscription));
        assertThat(TopologyCodec.queue(FormatsPage.example("subscription"))).isEqualTo(subscription);
    }

    @Test
    void topic() throws IOException {
        QueueSettings settings =
                QueueSettings.DEFAULT.with(QueueProperty.QUEUE_TYPE, "topic").with(QueueProperty.PARTITIONS, 2);
        var spec = new QueueSpec("orders", true, false, false, settings);
        var topic = new TopologyCodec.StoredQueue(LOG, spec).withStart(0, 17);
        assertPage("topic", TopologyCodec.queue(topic));
        assertThat(TopologyCodec.queue(FormatsPage.example("topic"))).isEqualTo(topic);
    }

    @Test
    void queueOfVersionFour() throws IOException {
        assertThat(TopologyCodec.queue(FormatsPage.example("queue-4")))
                .isEqualTo(stored(Durability.interval(100), QueuePauses.CONSUMING));
    }

    @Test
    void queueOfVersionOne() throws IOException {
        assertThat(TopologyCodec.queue(FormatsPage.example("queue-1"))).isEqualTo(stored(Durability.SYNC));
    }

    @Test
    void queueOfVersionTwo() throws IOException {
        assertThat(TopologyCodec.queue(FormatsPage.example("queue-2"))).isEqualTo(stored(Durability.interval(100)));
    }

    @Test
    void queueOfVersionThree() throws IOException {
        assertThat(TopologyCodec.queue(FormatsPage.example("queue-3"))).isEqualTo(stored(Durability.interval(100)));
    }

    private static TopologyCodec.StoredQueue stored(Durability durability) {
        return stored(durability, QueuePauses.NONE);
    }

    private static TopologyCodec.StoredQueue stored(Durability durability, QueuePauses pauses) {
        QueueSettings settings = QueueSettings.DEFAULT
                .withMaxLength(1000, Overflow.REJECT)
                .with(QueueProperty.MESSAGE_TTL, 60_000)
                .with(QueueProperty.DURABILITY, durability.toString());
        return new TopologyCodec.StoredQueue(
                LOG, new QueueSpec("jobs", true, false, false, settings), List.of(), pauses);
    }

    @Test
    void aNewerVersionIsRefused() throws IOException {
        byte[] newer = FormatsPage.example("queue");
        newer[0] = 6;
        assertThatThrownBy(() -> TopologyCodec.queue(newer))
                .hasRootCauseMessage(
                        "it has format version 6, and this release reads 1 to 5: it was written by a newer release, or is damaged");
    }

    @Test
    void binding() throws IOException {
        var binding = new Binding("news", new Binding.Destination.ToQueue("jobs"), "eu.#", Map.of("x", 5L));
        assertPage("binding", TopologyCodec.binding(binding));
        assertThat(TopologyCodec.binding(FormatsPage.example("binding"))).isEqualTo(binding);
    }

    @Test
    void cursorChange() throws IOException {
        var ranges = new OffsetSet();
        ranges.add(12, 14);
        var counts = new LongObjectHashMap<Integer>();
        counts.put(11, (Integer) 2);
        var records = new ArrayList<byte[]>();
        var writer = new CursorChangeWriter(record -> records.add(ByteBufUtil.getBytes(record)));
        writer.write(LOG.value(), 10, 16, ranges, counts);
        assertThat(records).hasSize(1);
        assertPage("cursor-change", records.getFirst());
    }

    @Test
    void idNote() throws IOException {
        ByteBuf id = DeduplicationId.encode("id 1".getBytes(StandardCharsets.UTF_8));
        assertPage("deduplication", ByteBufUtil.getBytes(id));
        var note = new IdNote();
        note.add(id.getLong(0), id.getLong(Long.BYTES), 1_700_000_000_000L);
        ByteBuf encoded = note.encode(LOG.value(), 1, 16);
        assertPage("id-note", ByteBufUtil.getBytes(encoded));
        IdNote.State state = SingleRecord.withValue(encoded, record -> {
            assertThat(NoteHeader.queueId(record)).isEqualTo(LOG.value());
            var merged = new IdNote.State();
            IdNote.merge(record, merged);
            return merged;
        });
        assertThat(state.below(0)).isZero();
        assertThat(state.below(1)).isEqualTo(16);
        var found = new ArrayList<Long>();
        state.forEach((first, second, timeMs, _) -> found.addAll(List.of(first, second, timeMs)));
        assertThat(found).containsExactly(id.getLong(0), id.getLong(Long.BYTES), 1_700_000_000_000L);
    }

    @Test
    void producerNote() throws IOException {
        var batch = new ProducerBatch(7, (short) 3, Integer.MAX_VALUE, 1, 13);
        var note = new ProducerNote();
        note.add(batch, 1_700_000_000_000L);
        ByteBuf encoded = note.encode(LOG.value(), 1, 16);
        assertPage("producer-note", ByteBufUtil.getBytes(encoded));
        Notes notes = SingleRecord.withValue(encoded, record -> {
            var added = new Notes();
            added.add(record);
            return added;
        });
        assertThat(notes.producers().below(0)).isEqualTo(-1);
        assertThat(notes.producers().below(1)).isEqualTo(16);
        var found = new ArrayList<>();
        notes.producers().forEach(1, 16, (read, lastMs) -> found.addAll(List.of(read, lastMs)));
        assertThat(found).containsExactly(batch, 1_700_000_000_000L);
    }

    @Test
    void storyEvent() throws IOException {
        var note = new StoryNote(
                StoryEvent.Kind.STORED, LOG.value(), 0, 16, 16, 0, 0, List.of("news", "eu.fr", "", "m 1"));
        ByteBuf encoded = Unpooled.buffer();
        note.encode(encoded);
        assertPage("story-event", ByteBufUtil.getBytes(encoded));
        assertThat(SingleRecord.<Long>withValue(encoded, StoryNote::queueId)).isEqualTo(LOG.value());
        assertThat(SingleRecord.withValue(encoded, StoryNote::decode)).isEqualTo(note);
    }

    @Test
    void route() throws IOException {
        assertPage("route", ByteBufUtil.getBytes(RouteHeader.encode("news", "eu.fr")));
    }

    @Test
    void attributes() throws IOException {
        var attributes = RecordAttributes.NONE.withTtlMs(60_000).withDelayMs(1000);
        assertPage("attributes", ByteBufUtil.getBytes(attributes.encode()));
        assertThat(readBack(attributes)).isEqualTo(attributes);
    }

    /** Through a record; the priority is not stored. */
    private static RecordAttributes readBack(RecordAttributes attributes) {
        ByteBuf headers = RecordCodec.headers("news", "eu.fr", Message.of("").withAttributes(attributes));
        try {
            return SingleRecord.withHeaders(headers, record -> {
                assertThat(RecordAttributes.isIn(record)).isTrue();
                return new RecordAttributes(0, RecordAttributes.ttlMs(record), RecordAttributes.delayMs(record));
            });
        } finally {
            headers.release();
        }
    }

    @Test
    void deaths() throws IOException {
        var death = new Death("jobs", DeathReason.REJECTED, "news", "eu.fr", 1, 1_700_000_000_000L, 60_000);
        DeathHistory history = DeathHistory.after(null, death);
        assertPage("deaths", ByteBufUtil.getBytes(history.encode()));
        assertThat(DeathHistory.decode(Unpooled.wrappedBuffer(FormatsPage.example("deaths")), 0))
                .isEqualTo(history);
        assertThat(DeathHistory.decode(Unpooled.wrappedBuffer(FormatsPage.example("deaths-1")), 0))
                .isEqualTo(history);
        assertThat(DeathHistory.decode(history.redriven().encode(), 0)).isEqualTo(history.redriven());
    }

    private static void assertPage(String example, byte[] written) throws IOException {
        assertThat(FormatsPage.example(example))
                .as(example)
                .asHexString()
                .isEqualTo(HexFormat.of().withUpperCase().formatHex(written));
    }
}
