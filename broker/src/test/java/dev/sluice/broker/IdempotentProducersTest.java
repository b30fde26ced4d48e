package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.log.LogSettings;
import dev.sluice.log.OpenCallback;
import dev.sluice.log.PartitionLog;
import dev.sluice.log.Storage;
import dev.sluice.log.StorageConfig;
import dev.sluice.log.StorageException;
import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.DefaultEventExecutor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Batches of producers that number them are stored once and in order, also across restarts. */
@Timeout(60)
class IdempotentProducersTest {
    private static final String TOPIC = "orders";
    private static final int HERE = 0;
    private static final int ELSEWHERE = 1;
    private static final long PRODUCER = 7;

    @TempDir
    private Path folder;

    private ShardedBroker broker;

    @BeforeEach
    void open() {
        broker = ShardedBroker.open(folder, 2);
        declare(TOPIC, true, QueueSettings.DEFAULT.with(QueueProperty.QUEUE_TYPE, QueueSpec.TOPIC));
    }

    @AfterEach
    void close() {
        broker.close();
    }

    private void reopen(int shards) {
        broker.close();
        broker = ShardedBroker.open(folder, shards);
    }

    @Test
    void aBatchThatComesAgainIsAnsweredAsBeforeAndNotStoredAgain() {
        assertThat(append(TOPIC, 0, 0, "a", "b")).isEqualTo("0");
        assertThat(append(TOPIC, 0, 2, "c")).isEqualTo("2");
        assertThat(append(TOPIC, 0, 0, "a", "b")).isEqualTo("0");
        assertThat(append(TOPIC, 0, 2, "c")).isEqualTo("2");
        assertThat(append(TOPIC, 0, 3, "d")).isEqualTo("3");
        assertThat(statistics(TOPIC).published()).isEqualTo(4);
        assertThat(statistics(TOPIC).duplicates()).isEqualTo(3);
    }

    /** The second is not answered before the first is durable. */
    @Test
    void aBatchThatComesAgainAtOnceWaitsForItsOriginal() {
        List<String> answers = broker.ask(ELSEWHERE, (on, reply) -> {
            var answered = new ArrayList<String>();
            for (int i = 0; i < 3; i++) {
                append(on, TOPIC, NumberedBatch.of(PRODUCER, 0, 0, "a"), 1, outcome -> {
                    answered.add(text(outcome));
                    if (answered.size() == 3) {
                        stream(on, TOPIC).bounds(new PartitionStream.BoundsReply() {
                            @Override
                            public void bounds(long startOffset, long endOffset) {
                                answered.add("end " + endOffset);
                                reply.on(Outcome.done(answered));
                            }

                            @Override
                            public void refused(Refusal refusal) {
                                reply.on(new Outcome.Refused<>(refusal));
                            }
                        });
                    }
                });
            }
        });
        assertThat(answers).containsExactly("0", "0", "0", "end 1");
    }

    @Test
    void whatIsOutOfOrderOrOfAnOldEpochIsRefusedWithTheReason() {
        append(TOPIC, 3, 0, "a");
        assertThat(append(TOPIC, 3, 2, "c"))
                .isEqualTo(
                        "OUT_OF_ORDER_SEQUENCE orders: the next batch of producer 7 in epoch 3 begins with sequence number 1, not 2");
        assertThat(append(TOPIC, 2, 1, "b"))
                .isEqualTo("OLD_PRODUCER_EPOCH orders: producer 7 has epoch 3 and not 2 any more");
        assertThat(append(TOPIC, 4, 0, "b")).isEqualTo("1");
        assertThat(append(TOPIC, 3, 1, "b")).startsWith("OLD_PRODUCER_EPOCH");
    }

    @Test
    void partitionsAndProducersAreTheirOwn() {
        declare("other", false, QueueSettings.DEFAULT);
        append(TOPIC, 0, 0, "a");
        assertThat(append("other", 0, 0, "a")).isEqualTo("0");
        assertThat(append("other", 0, 0, "a")).isEqualTo("0");
        assertThat(append(TOPIC, NumberedBatch.of(8, 0, 0, "a"), 1)).isEqualTo("1");
        assertThat(producers(TOPIC)).extracting(ProducerStatus::producerId).containsExactly(PRODUCER, 8L);
        assertThat(producers("other")).extracting(ProducerStatus::lastSequence).containsExactly(0);
    }

    @Test
    void nothingOvertakesWhatWasRefusedAtTheLimitOfTheQueue() {
        declare(
                "short",
                true,
                QueueSettings.DEFAULT.with(QueueProperty.MAX_LENGTH, 1).with(QueueProperty.OVERFLOW, "reject-publish"));
        append("short", NumberedBatch.of(8, 0, 0, "a"), 1);
        assertThat(append("short", 0, 0, "first")).startsWith("QUEUE_FULL");
        purge("short");
        assertThat(append("short", 0, 1, "second")).startsWith("OUT_OF_ORDER_SEQUENCE");
        assertThat(append("short", 0, 0, "first")).isEqualTo("1");
        assertThat(append("short", 0, 1, "second")).startsWith("QUEUE_FULL");
        assertThat(append("short", 0, 0, "first")).isEqualTo("1");
    }

    @Test
    void nothingOvertakesWhatItsCallerLeftOut() {
        String overtaking = broker.ask(HERE, (on, reply) -> {
            ByteBuf first = NumberedBatch.of(PRODUCER, 0, 0, "first");
            stream(on, TOPIC).leaveOut(first);
            first.release();
            append(
                    on,
                    TOPIC,
                    NumberedBatch.of(PRODUCER, 0, 1, "second"),
                    1,
                    outcome -> reply.on(Outcome.done(text(outcome))));
        });
        assertThat(overtaking).startsWith("OUT_OF_ORDER_SEQUENCE");
        assertThat(append(TOPIC, 0, 0, "first")).isEqualTo("0");
        assertThat(append(TOPIC, 0, 1, "second")).isEqualTo("1");
    }

    @Test
    void remembersAcrossRestartsAndChangesOfTheNumberOfShards() {
        append(TOPIC, 1, 0, "a");
        append(TOPIC, 1, 1, "b");
        for (int shards : new int[] {2, 1, 3, 2}) {
            reopen(shards);
            assertThat(append(TOPIC, 1, 0, "a")).isEqualTo("0");
            assertThat(append(TOPIC, 1, 1, "b")).isEqualTo("1");
            assertThat(append(TOPIC, 1, 3, "d")).startsWith("OUT_OF_ORDER_SEQUENCE");
            assertThat(append(TOPIC, 0, 2, "c")).startsWith("OLD_PRODUCER_EPOCH");
        }
        assertThat(append(TOPIC, 1, 2, "c")).isEqualTo("2");
    }

    @Test
    void remembersWhatAQueueHasGivenUp() {
        declare("jobs", true, QueueSettings.DEFAULT);
        for (int i = 0; i < 20; i++) {
            append("jobs", 0, i, "job " + i);
            purge("jobs");
        }
        reopen(2);
        assertThat(append("jobs", 0, 19, "job 19")).isEqualTo("19");
        assertThat(append("jobs", 0, 20, "job 20")).isEqualTo("20");
        assertThat(statistics("jobs").ready()).isEqualTo(1);
    }

    @Test
    void remembersMoreBatchesThanOneNoteHas() {
        int producers = ProducerNote.MOST_BATCHES / ProducerStates.REMEMBERED_BATCHES + 10;
        for (int sequence = 0; sequence < ProducerStates.REMEMBERED_BATCHES; sequence++) {
            appendOfEach(producers, sequence);
        }
        for (int restart = 0; restart < 2; restart++) {
            reopen(2);
            assertThat(producers(TOPIC)).hasSize(producers);
            assertThat(append(TOPIC, NumberedBatch.of(0, 0, 0, "again"), 1)).isEqualTo("0");
            assertThat(append(TOPIC, NumberedBatch.of(producers - 1, 0, 4, "again"), 1))
                    .isEqualTo(String.valueOf(5 * producers - 1));
        }
    }

    private void appendOfEach(int producers, int sequence) {
        broker.<Boolean>ask(HERE, (on, reply) -> {
            for (int i = 0; i < producers; i++) {
                boolean isLast = i == producers - 1;
                append(on, TOPIC, NumberedBatch.of(i, 0, sequence, "m"), 1, outcome -> {
                    if (isLast) {
                        reply.on(Outcome.done(true));
                    }
                });
            }
        });
    }

    /** As after the end of the process at any moment: what a start knows is in the files by then. */
    @Test
    void remembersAfterTheProcessEndedWithoutAStop(@TempDir Path copies) throws IOException {
        declare("jobs", true, QueueSettings.DEFAULT);
        declare(
                "latest",
                true,
                QueueSettings.DEFAULT
                        .with(QueueProperty.QUEUE_TYPE, QueueSpec.TOPIC)
                        .with(QueueProperty.KEEP, TopicKeeping.Keep.LAST_PER_KEY.word()));
        for (int i = 0; i < 8; i++) {
            append(TOPIC, 0, i, "m" + i);
            append("jobs", 0, i, "job " + i);
            append("latest", NumberedBatch.keyed("key", PRODUCER, 0, i, "v" + i), 1);
            purge("jobs");
        }
        for (int life = 0; life < 3; life++) {
            Path copy = copies.resolve("life-" + life);
            copyFolder(copy);
            close();
            folder = copy;
            broker = ShardedBroker.open(folder, 2);
            for (String name : List.of(TOPIC, "jobs", "latest")) {
                int next = 8 + life;
                assertThat(append(name, NumberedBatch.keyed("key", PRODUCER, 0, next - 1, "again"), 1))
                        .isEqualTo(String.valueOf(next - 1));
                assertThat(append(name, NumberedBatch.keyed("key", PRODUCER, 0, next, "new"), 1))
                        .isEqualTo(String.valueOf(next));
            }
        }
    }

    @Test
    void aStartReadsABoundedPartOfThePartitionHoweverLongItIs(@TempDir Path copies) throws IOException {
        String large = "x".repeat(1 << 18);
        int batches = 100;
        for (int i = 0; i < batches; i++) {
            append(TOPIC, 0, i, large);
        }
        Path copy = copies.resolve("ended");
        copyFolder(copy);
        long below = notedBelow(copy);
        long unnotedBytes = (batches - below) * large.length();
        assertThat(unnotedBytes).isLessThanOrEqualTo(IdempotentProducers.MOST_UNNOTED_BYTES + 2L * large.length());
        assertThat(below).isPositive();
    }

    private void copyFolder(Path to) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Path target = to.resolve(folder.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target);
                }
            }
        } catch (UncheckedIOException gone) {
            throw new IOException(gone);
        }
    }

    /** By what stands in the folder. */
    private static long notedBelow(Path stopped) {
        var executor = new DefaultEventExecutor();
        try (var storage = Storage.open(stopped, StorageConfig.defaults())) {
            var notes = new ArrayList<Notes>();
            for (int i = 0; i < 2; i++) {
                notes.add(notes(storage, new EventExecutorShard(i, executor), Broker.idLogId(i)));
            }
            return notes.stream()
                    .mapToLong(its -> its.producers().below(0))
                    .max()
                    .orElseThrow();
        } finally {
            executor.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }

    private static Notes notes(Storage storage, Shard shard, dev.sluice.log.LogId id) {
        var notes = new Notes();
        var opened = new CompletableFuture<PartitionLog>();
        storage.openLog(id, LogSettings.STATE, shard, new SilentListener(), new OpenCallback() {
            @Override
            public void opened(PartitionLog log) {
                opened.complete(log);
            }

            @Override
            public void failed(StorageException cause) {
                opened.completeExceptionally(cause);
            }
        });
        opened.thenComposeAsync(log -> LogScan.run(log, notes::add), shard).join();
        return notes;
    }

    private void declare(String name, boolean durable, QueueSettings settings) {
        var spec = new QueueSpec(name, durable, false, false, settings);
        broker.<QueueStatus>ask(HERE, (on, reply) -> on.declareQueue(spec, ShardedBroker.NO_CONNECTION, reply));
    }

    private void purge(String queue) {
        broker.<Long>ask(HERE, (on, reply) -> on.purgeQueue(queue, ShardedBroker.NO_CONNECTION, reply));
    }

    private QueueStatistics statistics(String name) {
        return broker.statistics(name);
    }

    private List<ProducerStatus> producers(String topic) {
        return broker.ask(
                HERE,
                (on, reply) -> stream(on, topic).producers(new PartitionStream.ProducersReply() {
                    @Override
                    public void producers(List<ProducerStatus> producers) {
                        reply.on(Outcome.done(producers));
                    }

                    @Override
                    public void refused(Refusal refusal) {
                        reply.on(new Outcome.Refused<>(refusal));
                    }
                }));
    }

    private static PartitionStream stream(BrokerShard on, String topic) {
        return Objects.requireNonNull(on.topic(topic)).partition(0);
    }

    /** Of {@link #PRODUCER}; returns its offset, or why it was refused. */
    private String append(String topic, int epoch, int sequence, String... texts) {
        return append(topic, NumberedBatch.of(PRODUCER, epoch, sequence, texts), texts.length);
    }

    private String append(String topic, ByteBuf batch, int count) {
        return broker.ask(
                HERE, (on, reply) -> append(on, topic, batch, count, outcome -> reply.on(Outcome.done(text(outcome)))));
    }

    private static void append(BrokerShard on, String topic, ByteBuf batch, int count, Outcome.Reply<Long> reply) {
        stream(on, topic).append(batch, count, new PartitionStream.AppendReply() {
            @Override
            public void appended(long baseOffset, long startOffset) {
                reply.on(Outcome.done(baseOffset));
            }

            @Override
            public void refused(Refusal refusal) {
                reply.on(new Outcome.Refused<>(refusal));
            }
        });
    }

    private static String text(Outcome<Long> outcome) {
        return switch (outcome) {
            case Outcome.Done<Long>(Long offset) -> String.valueOf(offset);
            case Outcome.Refused<Long>(Refusal refusal) -> refusal.text();
        };
    }
}
