package dev.sluice.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.util.List;
import org.apache.kafka.common.compress.Compression;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

final class BatchFilterTest {
    static final List<Compression> CODECS = KafkaBatches.CODECS;

    @Test
    void leavesOutWhatIsSettled() {
        ByteBuf batch = RecordBatchTest.threeRecords();
        OffsetSet settled = new OffsetSet();
        settled.add(1, 1);

        ByteBuf filtered = new BatchFilter(settled, 0).filtered(batch, 0);

        assertThat(RecordBatch.violation(filtered, 0, filtered.readableBytes())).isEmpty();
        assertThat(RecordBatch.recordCount(filtered, 0)).isEqualTo(2);
        assertThat(RecordBatch.lastOffset(filtered, 0)).isEqualTo(2);
        filtered.release();
        batch.release();
    }

    @ParameterizedTest
    @FieldSource("CODECS")
    void leavesACompressedBatchAsItIs(Compression codec) {
        ByteBuf batch = KafkaBatches.of(codec, new RandomRecords(1).next(20));
        OffsetSet settled = new OffsetSet();
        settled.add(0, 0);

        ByteBuf filtered = new BatchFilter(settled, 0).filtered(batch, 0);

        assertThat(ByteBufUtil.getBytes(filtered)).isEqualTo(ByteBufUtil.getBytes(batch));
        filtered.release();
    }
}
