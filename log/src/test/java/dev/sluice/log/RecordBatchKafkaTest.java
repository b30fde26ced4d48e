package dev.sluice.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.Test;

/** Our batches and those of Kafka's own client are the same bytes. */
final class RecordBatchKafkaTest {
    private static final int SEEDS = 200;

    @Test
    void kafkaWritesTheBytesThatWeWrite() {
        RecordBatchBuilder builder = new RecordBatchBuilder(PooledByteBufAllocator.DEFAULT);
        for (long seed = 0; seed < SEEDS; seed++) {
            List<RandomRecords.Plain> records = new RandomRecords(seed).next(30);
            ByteBuf ours = RandomRecords.build(builder, records);
            MemoryRecords theirs = MemoryRecords.withRecords(
                    0L,
                    Compression.NONE,
                    -1,
                    records.stream().map(KafkaBatches::kafka).toArray(SimpleRecord[]::new));

            assertThat(ByteBufUtil.hexDump(ours))
                    .as("seed %d", seed)
                    .isEqualTo(ByteBufUtil.hexDump(Unpooled.wrappedBuffer(theirs.buffer())));
            ours.release();
        }
    }

    @Test
    void kafkaReadsWhatWeWrite() {
        RecordBatchBuilder builder = new RecordBatchBuilder(PooledByteBufAllocator.DEFAULT);
        for (long seed = 0; seed < SEEDS; seed++) {
            List<RandomRecords.Plain> records = new RandomRecords(seed).next(30);
            ByteBuf ours = RandomRecords.build(builder, records);
            RecordBatch.setBaseOffset(ours, 0, 1_000);
            MemoryRecords read = MemoryRecords.readableRecords(ByteBuffer.wrap(ByteBufUtil.getBytes(ours)));
            ours.release();

            read.batches().forEach(batch -> batch.ensureValid());
            List<Record> theirs = new ArrayList<>();
            read.records().forEach(theirs::add);
            assertThat(theirs).as("seed %d", seed).hasSameSizeAs(records);
            for (int i = 0; i < records.size(); i++) {
                assertThat(theirs.get(i).offset()).isEqualTo(1_000 + i);
                assertThat(theirs.get(i).timestamp()).isEqualTo(records.get(i).timestampMs());
                assertThat(new SimpleRecord(theirs.get(i))).isEqualTo(KafkaBatches.kafka(records.get(i)));
            }
        }
    }
}
