package dev.sluice.broker;

import dev.sluice.log.RecordBatch;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.zip.CRC32C;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;

/** Batches as producers of Kafka send them, and the way into a topic for them. */
final class KafkaBatches {
    static final List<Compression> CODECS = List.of(
            Compression.gzip().build(),
            Compression.snappy().build(),
            Compression.lz4().build(),
            Compression.zstd().build());

    private static final int CRC_AT = 17;
    private static final int CRC_FROM = 21;

    private KafkaBatches() {}

    /** One record for each text. What is before a hyphen in it is its key. */
    static ByteBuf of(Compression codec, String... texts) {
        SimpleRecord[] records = Arrays.stream(texts).map(KafkaBatches::record).toArray(SimpleRecord[]::new);
        return Unpooled.copiedBuffer(
                MemoryRecords.withRecords(0L, codec, -1, records).buffer());
    }

    private static SimpleRecord record(String text) {
        int hyphen = text.indexOf('-');
        byte[] key = hyphen < 0 ? null : text.substring(0, hyphen).getBytes(StandardCharsets.UTF_8);
        return new SimpleRecord(TimedBroker.START_MS, key, text.getBytes(StandardCharsets.UTF_8));
    }

    /** As {@link #of}, with records that cannot be decompressed, and a checksum that is right. */
    static ByteBuf damaged(Compression codec, String... texts) {
        ByteBuf batch = of(codec, texts);
        for (int i = RecordBatch.HEADER_BYTES; i < batch.writerIndex(); i++) {
            batch.setByte(i, 0);
        }
        var crc = new CRC32C();
        crc.update(batch.nioBuffer(CRC_FROM, batch.writerIndex() - CRC_FROM));
        return batch.setInt(CRC_AT, (int) crc.getValue());
    }

    /** Appends the batch to a partition, and waits until it is stored. */
    static void append(BrokerShard on, String topic, int partition, ByteBuf batch) {
        var stored = new CompletableFuture<Void>();
        on.shard().execute(() -> {
            Queue queue = on.topology().queue(topic);
            if (queue == null) {
                stored.completeExceptionally(new AssertionError("no topic " + topic));
                return;
            }
            Confirms confirms = Confirms.of(refusal -> stored.complete(null));
            queue.partitions()[partition].append(batch, RecordBatch.recordCount(batch, 0), confirms, on);
        });
        stored.join();
    }
}
