package dev.sluice.kafka;

import dev.sluice.log.RecordBatchBuilder;
import dev.sluice.log.RecordHeaders;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.apache.kafka.common.message.FetchRequestData.FetchTopic;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceRequestData.PartitionProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceDataCollection;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.message.ProduceResponseData.PartitionProduceResponse;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.Record;

/** Requests in one line. Not instantiable. */
final class Requests {
    static final short ALL = -1;
    /** The newest versions that name topics by their names. */
    static final short PRODUCE_BY_NAME = 12;

    static final short FETCH_BY_NAME = 12;

    private Requests() {}

    static byte[] batch(String... texts) {
        var builder = new RecordBatchBuilder(PooledByteBufAllocator.DEFAULT);
        for (String text : texts) {
            ByteBuf value = Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.UTF_8));
            builder.append(System.currentTimeMillis(), null, value, RecordHeaders.EMPTY);
        }
        return bytes(builder);
    }

    /** With a record of each of the times. */
    static byte[] batchAt(long... timestampsMs) {
        var builder = new RecordBatchBuilder(PooledByteBufAllocator.DEFAULT);
        for (long timestampMs : timestampsMs) {
            builder.append(timestampMs, null, Unpooled.EMPTY_BUFFER, RecordHeaders.EMPTY);
        }
        return bytes(builder);
    }

    private static byte[] bytes(RecordBatchBuilder builder) {
        ByteBuf built = builder.build();
        byte[] bytes = ByteBufUtil.getBytes(built);
        built.release();
        return bytes;
    }

    static ProduceRequestData produce(String topic, int partition, byte[] batch) {
        var data = new TopicProduceData()
                .setName(topic)
                .setPartitionData(new ArrayList<>(List.of(new PartitionProduceData()
                        .setIndex(partition)
                        .setRecords(MemoryRecords.readableRecords(ByteBuffer.wrap(batch))))));
        var topics = new TopicProduceDataCollection();
        topics.add(data);
        return new ProduceRequestData().setAcks(ALL).setTimeoutMs(10_000).setTopicData(topics);
    }

    static PartitionProduceResponse only(ProduceResponseData response) {
        return response.responses().iterator().next().partitionResponses().getFirst();
    }

    static FetchRequestData fetch(String topic, int partition, long offset, int maxWaitMs) {
        return new FetchRequestData()
                .setMaxWaitMs(maxWaitMs)
                .setMinBytes(1)
                .setMaxBytes(1 << 20)
                .setSessionEpoch(-1)
                .setTopics(new ArrayList<>(List.of(new FetchTopic()
                        .setTopic(topic)
                        .setPartitions(new ArrayList<>(List.of(new FetchPartition()
                                .setPartition(partition)
                                .setFetchOffset(offset)
                                .setPartitionMaxBytes(1 << 20)))))));
    }

    static FetchResponseData.PartitionData only(FetchResponseData response) {
        return response.responses().getFirst().partitions().getFirst();
    }

    static List<String> texts(FetchResponseData.PartitionData partition) {
        List<String> texts = new ArrayList<>();
        for (Record record : ((MemoryRecords) partition.records()).records()) {
            texts.add(StandardCharsets.UTF_8.decode(record.value()).toString());
        }
        return texts;
    }
}
