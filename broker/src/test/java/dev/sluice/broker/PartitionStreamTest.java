package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.log.RecordBatch;
import dev.sluice.log.RecordBatchBuilder;
import dev.sluice.log.RecordCursor;
import dev.sluice.log.RecordHeaders;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whole batches in and out of partitions, on the topic's shard and from another. */
@Timeout(60)
class PartitionStreamTest {
    private static final String TOPIC = "orders";
    private static final int HERE = 0;
    private static final int ELSEWHERE = 1;

    private ShardedBroker broker;

    @BeforeEach
    void open(@TempDir Path folder) {
        broker = ShardedBroker.open(folder, 2);
        declare(TOPIC, true, QueueSettings.DEFAULT.with(QueueProperty.QUEUE_TYPE, QueueSpec.TOPIC));
    }

    @AfterEach
    void close() {
        broker.close();
    }

    @Test
    void aBatchIsReadAsItWasAppended() {
        assertThat(append(HERE, TOPIC, "a", "b")).isZero();
        assertThat(append(ELSEWHERE, TOPIC, "c")).isEqualTo(2);
        for (int shard : new int[] {HERE, ELSEWHERE}) {
            assertThat(read(shard, TOPIC, 0)).containsExactly("a", "b", "c");
            assertThat(read(shard, TOPIC, 2)).containsExactly("c");
            assertThat(read(shard, TOPIC, 3)).isEmpty();
        }
    }

    @Test
    void readsNoMoreThanWasAskedForButAlwaysOneBatch() {
        append(HERE, TOPIC, "a");
        append(HERE, TOPIC, "b");
        assertThat(read(HERE, TOPIC, 0, 1)).containsExactly("a");
    }

    @Test
    void whoWaitsIsCalledWhenARecordIsThereAndNotBefore() {
        append(HERE, TOPIC, "a");
        List<String> read = broker.ask(ELSEWHERE, (on, reply) -> {
            PartitionStream stream = stream(on, TOPIC);
            stream.await(1, () -> stream.read(1, 1, reading(reply)));
            append(stream, reply, "b");
        });
        assertThat(read).containsExactly("b");
    }

    @Test
    void whoWaitsForAQueueInMemoryIsCalledToo() {
        declare("fast", false, QueueSettings.DEFAULT);
        List<String> read = broker.ask(ELSEWHERE, (on, reply) -> {
            PartitionStream stream = stream(on, "fast");
            stream.await(0, () -> stream.read(0, 1, reading(reply)));
            append(stream, reply, "a");
        });
        assertThat(read).containsExactly("a");
    }

    @Test
    void whoWaitsForATopicThatIsDeletedHearsOfIt() {
        Refusal refusal = broker.ask(ELSEWHERE, (on, reply) -> {
            PartitionStream stream = stream(on, TOPIC);
            stream.await(
                    0,
                    () -> stream.bounds(new PartitionStream.BoundsReply() {
                        @Override
                        public void bounds(long startOffset, long endOffset) {
                            throw new AssertionError("it is deleted");
                        }

                        @Override
                        public void refused(Refusal itsRefusal) {
                            reply.on(Outcome.done(itsRefusal));
                        }
                    }));
            on.deleteQueue(TOPIC, false, false, ShardedBroker.NO_CONNECTION, deleted -> {});
        });
        assertThat(refusal.reason()).isEqualTo(Refusal.Reason.QUEUE_NOT_FOUND);
    }

    @Test
    void whatIsAppendedToAQueueIsServedToItsConsumers() {
        declare("jobs", true, QueueSettings.DEFAULT);
        append(ELSEWHERE, "jobs", "a", "b");
        assertThat(broker.statistics("jobs").ready()).isEqualTo(2);
    }

    @Test
    void aQueueAtItsLimitRefusesWithTheReason() {
        declare(
                "short",
                true,
                QueueSettings.DEFAULT.with(QueueProperty.MAX_LENGTH, 1).with(QueueProperty.OVERFLOW, "reject-publish"));
        append(HERE, "short", "a");
        Refusal refusal = broker.ask(
                ELSEWHERE,
                (on, reply) -> stream(on, "short").append(batch("b"), 1, new PartitionStream.AppendReply() {
                    @Override
                    public void appended(long baseOffset, long startOffset) {
                        throw new AssertionError("the queue is full");
                    }

                    @Override
                    public void refused(Refusal itsRefusal) {
                        reply.on(Outcome.done(itsRefusal));
                    }
                }));
        assertThat(refusal.reason()).isEqualTo(Refusal.Reason.QUEUE_FULL);
    }

    @Test
    void anEmptyValueStaysInStorageAsLongAsAnEarlierOneOfItsKeyMayBeThere() {
        String compacted = "compacted";
        declare(
                compacted,
                true,
                QueueSettings.DEFAULT
                        .with(QueueProperty.QUEUE_TYPE, QueueSpec.TOPIC)
                        .with(QueueProperty.KEEP, TopicKeeping.Keep.LAST_PER_KEY.word()));
        long old = System.currentTimeMillis() - 2 * LastValues.EMPTY_VALUE_STAYS_MS;
        append(HERE, compacted, keyed("other", "stays", old));
        append(HERE, compacted, keyed("key", "value", old));
        append(HERE, compacted, keyed("key", "", old));
        while (broker.statistics(compacted).ready() > 1) {
            Thread.onSpinWait();
        }
        assertThat(read(HERE, compacted, 2)).containsExactly("");
    }

    @Test
    void aTopicIsFoundByItsNameAndItsId() {
        List<String> names = broker.ask(ELSEWHERE, (on, reply) -> {
            TopicHandle byName = Objects.requireNonNull(on.topic(TOPIC));
            TopicHandle byId = Objects.requireNonNull(on.topic(byName.id()));
            reply.on(Outcome.done(
                    List.of(byName.name(), byId.name(), on.topics().getFirst().name())));
        });
        assertThat(names).containsExactly(TOPIC, TOPIC, TOPIC);
    }

    private void declare(String name, boolean durable, QueueSettings settings) {
        var spec = new QueueSpec(name, durable, false, false, settings);
        broker.<QueueStatus>ask(HERE, (on, reply) -> on.declareQueue(spec, ShardedBroker.NO_CONNECTION, reply));
    }

    private static PartitionStream stream(BrokerShard on, String topic) {
        return Objects.requireNonNull(on.topic(topic)).partition(0);
    }

    private long append(int shard, String topic, String... texts) {
        return append(shard, topic, batch(texts));
    }

    private long append(int shard, String topic, ByteBuf batch) {
        int count = RecordBatch.recordCount(batch, batch.readerIndex());
        return broker.<Long>ask(
                shard,
                (on, reply) -> stream(on, topic).append(batch, count, new PartitionStream.AppendReply() {
                    @Override
                    public void appended(long baseOffset, long startOffset) {
                        reply.on(Outcome.done(baseOffset));
                    }

                    @Override
                    public void refused(Refusal refusal) {
                        reply.on(new Outcome.Refused<>(refusal));
                    }
                }));
    }

    private static <T> void append(PartitionStream stream, Outcome.Reply<T> onRefusal, String text) {
        stream.append(batch(text), 1, new PartitionStream.AppendReply() {
            @Override
            public void appended(long baseOffset, long startOffset) {}

            @Override
            public void refused(Refusal refusal) {
                onRefusal.on(new Outcome.Refused<>(refusal));
            }
        });
    }

    private List<String> read(int shard, String topic, long offset) {
        return read(shard, topic, offset, Integer.MAX_VALUE);
    }

    private List<String> read(int shard, String topic, long offset, int maxBytes) {
        return broker.ask(shard, (on, reply) -> stream(on, topic).read(offset, maxBytes, reading(reply)));
    }

    private static PartitionStream.ReadReply reading(Outcome.Reply<List<String>> reply) {
        return new PartitionStream.ReadReply() {
            @Override
            public void read(List<ByteBuf> batches, int bytes, long startOffset, long endOffset) {
                List<String> texts = new ArrayList<>();
                var cursor = new RecordCursor();
                for (ByteBuf batch : batches) {
                    for (int at = batch.readerIndex();
                            at < batch.writerIndex();
                            at += RecordBatch.sizeInBytes(batch, at)) {
                        cursor.reset(batch, at);
                        while (cursor.next()) {
                            texts.add(SteppedBroker.text(cursor));
                        }
                    }
                    batch.release();
                }
                reply.on(Outcome.done(texts));
            }

            @Override
            public void refused(Refusal refusal) {
                reply.on(new Outcome.Refused<>(refusal));
            }
        };
    }

    private static ByteBuf keyed(String key, String value, long timestampMs) {
        var builder = new RecordBatchBuilder(PooledByteBufAllocator.DEFAULT);
        builder.append(timestampMs, bytes(key), bytes(value), RecordHeaders.EMPTY);
        return builder.build();
    }

    private static ByteBuf bytes(String text) {
        return Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.UTF_8));
    }

    private static ByteBuf batch(String... texts) {
        var builder = new RecordBatchBuilder(PooledByteBufAllocator.DEFAULT);
        for (String text : texts) {
            builder.append(TimedBroker.START_MS, null, bytes(text), RecordHeaders.EMPTY);
        }
        return builder.build();
    }
}
