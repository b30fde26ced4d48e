package dev.sluice.log;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;

/** Batches as the Java client of Kafka makes them. */
final class KafkaBatches {
    static final List<Compression> CODECS = List.of(
            Compression.gzip().build(),
            Compression.snappy().build(),
            Compression.lz4().build(),
            Compression.zstd().build());

    private KafkaBatches() {}

    /** On the heap; needs not be released. */
    static ByteBuf of(Compression codec, List<RandomRecords.Plain> records) {
        return of(codec, records.stream().map(KafkaBatches::kafka).toArray(SimpleRecord[]::new));
    }

    static ByteBuf of(Compression codec, SimpleRecord... records) {
        ByteBuffer bytes = MemoryRecords.withRecords(0L, codec, -1, records).buffer();
        return Unpooled.copiedBuffer(bytes);
    }

    static SimpleRecord kafka(RandomRecords.Plain plain) {
        Header[] headers = plain.headers().stream()
                .map(header -> new RecordHeader(new String(header.key(), StandardCharsets.UTF_8), header.value()))
                .toArray(Header[]::new);
        return new SimpleRecord(plain.timestampMs(), plain.key(), plain.value(), headers);
    }

    /** A batch that claims to have one record, compressed with the codec of this number as these bytes. */
    static ByteBuf claiming(int codec, byte[] compressed) {
        ByteBuf batch = RecordBatchTest.threeRecords();
        ByteBuf made = Unpooled.buffer(RecordBatch.HEADER_BYTES + compressed.length)
                .writeBytes(batch, 0, RecordBatch.HEADER_BYTES)
                .writeBytes(compressed);
        batch.release();
        made.setInt(RecordBatch.LENGTH, made.writerIndex() - RecordBatch.LENGTH_EXCLUDES_BYTES);
        made.setShort(RecordBatch.ATTRIBUTES, codec);
        return made;
    }
}
