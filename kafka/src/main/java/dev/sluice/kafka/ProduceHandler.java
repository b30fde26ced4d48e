package dev.sluice.kafka;

import dev.sluice.broker.PartitionStream;
import dev.sluice.broker.Refusal;
import dev.sluice.broker.TopicHandle;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceRequestData.PartitionProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.message.ProduceResponseData.PartitionProduceResponse;
import org.apache.kafka.common.message.ProduceResponseData.TopicProduceResponse;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.BaseRecords;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.jspecify.annotations.Nullable;

/** Appends batches as they came. What is confirmed is as durable as the topic asks for, whether the client waits for one replica or for all. Stateless. */
final class ProduceHandler implements RequestHandler<ProduceRequestData> {
    private static final short NO_ACKS = 0;
    private static final short ALL_ACKS = -1;

    private final BatchCheck check;

    ProduceHandler(KafkaSettings settings) {
        this.check = new BatchCheck(settings.maxBatchBytes());
    }

    @Override
    public void handle(RequestContext context, ProduceRequestData request) {
        var produce = new Produce(context, request.acks());
        Refusal refusal = context.throttle().refusal();
        for (TopicProduceData topic : request.topicData()) {
            produce.expect(topic);
        }
        int index = 0;
        for (TopicProduceData data : request.topicData()) {
            TopicHandle topic = Topics.find(context.broker(), data.name(), data.topicId());
            for (PartitionProduceData partition : data.partitionData()) {
                produce.append(produce.places.get(index++), topic, data, partition, refusal);
            }
        }
        produce.begun();
    }

    /** One request to produce, until all its batches are stored or refused. Confined to its connection's shard. */
    private final class Produce {
        private final RequestContext context;
        private final short acks;
        private final ProduceResponseData response = new ProduceResponseData();
        private final ArrayList<PartitionProduceResponse> places = new ArrayList<>();
        private final Countdown countdown = new Countdown(this::answer);
        private int throttleMs;
        private @Nullable Errors failed;

        Produce(RequestContext context, short acks) {
            this.context = context;
            this.acks = acks;
        }

        void expect(TopicProduceData topic) {
            var answers = new TopicProduceResponse().setName(topic.name()).setTopicId(topic.topicId());
            for (PartitionProduceData partition : topic.partitionData()) {
                var place = new PartitionProduceResponse().setIndex(partition.index());
                answers.partitionResponses().add(place);
                places.add(place);
                countdown.expect();
            }
            response.responses().mustAdd(answers);
        }

        void append(
                PartitionProduceResponse place,
                @Nullable TopicHandle topic,
                TopicProduceData data,
                PartitionProduceData partition,
                @Nullable Refusal refusal) {
            if (acks != NO_ACKS && acks != ALL_ACKS && acks != 1) {
                fail(place, Errors.INVALID_REQUIRED_ACKS, "acks are 0, 1 or -1");
            } else if (topic == null) {
                boolean isById = data.name() == null || data.name().isEmpty();
                fail(place, isById ? Errors.UNKNOWN_TOPIC_ID : Errors.UNKNOWN_TOPIC_OR_PARTITION, null);
            } else if (partition.index() < 0 || partition.index() >= topic.partitionCount()) {
                fail(place, Errors.UNKNOWN_TOPIC_OR_PARTITION, null);
            } else if (Topics.isInternal(topic.name())) {
                fail(place, Errors.INVALID_TOPIC_EXCEPTION, "only the broker writes to " + topic.name());
            } else if (refusal != null) {
                topic.partition(partition.index()).leaveOut(Unpooled.wrappedBuffer(bytes(partition.records())));
                refuse(place, refusal);
            } else {
                append(place, topic, partition.index(), partition.records());
            }
        }

        private void append(PartitionProduceResponse place, TopicHandle topic, int index, BaseRecords records) {
            ByteBuf batch = copy(records);
            BatchCheck.Problem problem = check.problem(batch, topic);
            if (problem != null) {
                batch.release();
                fail(place, problem.error(), problem.text());
                return;
            }
            int count = BatchCheck.count(batch);
            context.throttle().published(count, batch.readableBytes());
            topic.partition(index).append(batch, count, new PartitionStream.AppendReply() {
                @Override
                public void appended(long baseOffset, long startOffset) {
                    place.setBaseOffset(baseOffset).setLogStartOffset(startOffset);
                    countdown.ended();
                }

                @Override
                public void refused(Refusal refusal) {
                    refuse(place, refusal);
                }
            });
        }

        private void refuse(PartitionProduceResponse place, Refusal refusal) {
            throttleMs = Math.max(throttleMs, (int) Math.min(refusal.retryAfterMs(), Throttle.MOST_MS));
            fail(place, KafkaErrors.of(refusal), KafkaErrors.text(refusal));
        }

        private void fail(PartitionProduceResponse place, Errors error, @Nullable String text) {
            place.setErrorCode(error.code()).setBaseOffset(-1).setErrorMessage(text);
            if (!KafkaErrors.isOfBackpressure(error)) {
                failed = error;
            }
            countdown.ended();
        }

        /** All batches are on their way: what is left is to wait. */
        void begun() {
            int waitMs = context.throttle().waitMs();
            if (waitMs > 0) {
                throttleMs = Math.max(throttleMs, waitMs);
                context.mute(waitMs);
            }
            countdown.ended();
        }

        private void answer() {
            if (acks != NO_ACKS) {
                context.answer(response.setThrottleTimeMs(throttleMs));
            } else if (failed == null) {
                context.answerNothing();
            } else {
                context.hangUpInTurn("its records were not stored, and it wants no answer: " + failed);
            }
        }
    }

    /** The request's own buffer goes when it is handled; a batch stays in memory for long. */
    private static ByteBuf copy(BaseRecords records) {
        ByteBuffer bytes = bytes(records);
        return PooledByteBufAllocator.DEFAULT.directBuffer(bytes.remaining()).writeBytes(bytes);
    }

    private static ByteBuffer bytes(BaseRecords records) {
        return records instanceof MemoryRecords memory ? memory.buffer() : ByteBuffer.allocate(0);
    }
}
