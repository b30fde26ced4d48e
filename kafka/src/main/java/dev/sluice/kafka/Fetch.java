package dev.sluice.kafka;

import dev.sluice.broker.PartitionStream;
import dev.sluice.broker.Refusal;
import dev.sluice.broker.Shard;
import dev.sluice.broker.TopicHandle;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FetchResponseData.FetchableTopicResponse;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** One request to fetch: reads its partitions until there is enough, or waits for more and reads again. Confined to its connection's shard; used once. */
final class Fetch {
    private static final int UNKNOWN = -1;

    private final RequestContext context;
    private final FetchSessions.Turn turn;
    private final int minBytes;
    private final int maxBytes;
    private final int maxWaitMs;
    private final List<Part> parts = new ArrayList<>();
    private final List<PartitionStream.Await> awaits = new ArrayList<>();
    private Shard.@Nullable Timer timer;
    private boolean isLate;
    private boolean isOver;
    private int next;
    private int bytes;
    /** Partitions that are being read, and what they may give. */
    private int pending;

    private int reserved;
    private boolean isAsking;
    private boolean anyError;

    /** What is fetched from one partition, and what was found. */
    private static final class Part {
        private final FetchSessions.Wish wish;
        private final @Nullable PartitionStream partition;
        private Errors error;
        private StoredBatches batches = StoredBatches.NONE;
        private long startOffset = UNKNOWN;
        private long endOffset = UNKNOWN;

        Part(FetchSessions.Wish wish, @Nullable PartitionStream partition, Errors error) {
            this.wish = wish;
            this.partition = partition;
            this.error = error;
        }
    }

    Fetch(RequestContext context, FetchRequestData request, FetchSessions.Turn turn) {
        this.context = context;
        this.turn = turn;
        this.minBytes = request.minBytes();
        this.maxBytes = Math.max(0, request.maxBytes());
        this.maxWaitMs = request.maxWaitMs();
    }

    void begin() {
        context.whenOver(this::abandon);
        for (FetchSessions.Wish wish : turn.wishes()) {
            parts.add(part(wish));
        }
        pass();
    }

    private Part part(FetchSessions.Wish wish) {
        FetchSessions.Place place = wish.place;
        TopicHandle topic = Topics.find(context.broker(), place.topic(), place.topicId());
        if (topic == null) {
            boolean isById = place.topic() == null || place.topic().isEmpty();
            return new Part(wish, null, isById ? Errors.UNKNOWN_TOPIC_ID : Errors.UNKNOWN_TOPIC_OR_PARTITION);
        }
        if (place.partition() < 0 || place.partition() >= topic.partitionCount()) {
            return new Part(wish, null, Errors.UNKNOWN_TOPIC_OR_PARTITION);
        }
        PartitionStream partition = topic.partition(place.partition());
        Errors stale = LeaderEpochs.check(wish.request.currentLeaderEpoch(), partition);
        return stale == Errors.NONE ? new Part(wish, partition, stale) : new Part(wish, null, stale);
    }

    /** Reads all partitions, once. */
    private void pass() {
        next = 0;
        bytes = 0;
        anyError = false;
        readMore();
    }

    /** Reads as many partitions at the same time as there is room for whatever they may give; those in memory answer at once, without a deeper stack for each. */
    private void readMore() {
        isAsking = true;
        while (next < parts.size()) {
            Part part = parts.get(next);
            PartitionStream partition = part.partition;
            int wanted = part.wish.request.partitionMaxBytes();
            int room = maxBytes - bytes - reserved;
            if (pending > 0 && wanted > room) {
                break;
            }
            next++;
            if (partition == null) {
                anyError = true;
                continue;
            }
            int most = Math.min(wanted, room);
            var reading = new Reading(part, Math.max(0, most));
            pending++;
            reserved += reading.reserved;
            partition.read(part.wish.request.fetchOffset(), bytes + reserved == 0 ? 1 : most, reading);
        }
        isAsking = false;
        if (pending == 0) {
            passed();
        }
    }

    /** Hears of one partition. */
    private final class Reading implements PartitionStream.ReadReply {
        private final Part part;
        private final int reserved;

        Reading(Part part, int reserved) {
            this.part = part;
            this.reserved = reserved;
        }

        @Override
        public void read(List<ByteBuf> batches, int size, long startOffset, long endOffset) {
            part.batches = new StoredBatches(batches, size);
            part.startOffset = startOffset;
            part.endOffset = endOffset;
            long offset = part.wish.request.fetchOffset();
            part.error = offset < startOffset || offset > endOffset ? Errors.OFFSET_OUT_OF_RANGE : Errors.NONE;
            bytes += size;
            end();
        }

        @Override
        public void refused(Refusal refusal) {
            part.error = KafkaErrors.of(refusal);
            end();
        }

        private void end() {
            anyError |= part.error != Errors.NONE;
            pending--;
            Fetch.this.reserved -= reserved;
            if (isOver) {
                part.batches.release();
            } else if (!isAsking) {
                readMore();
            }
        }
    }

    private void passed() {
        if (bytes >= minBytes || anyError || isLate || maxWaitMs <= 0 || parts.isEmpty()) {
            answer();
            return;
        }
        for (Part part : parts) {
            part.batches.release();
            if (part.partition != null) {
                awaits.add(part.partition.await(part.endOffset, this::more));
            }
        }
        if (timer == null) {
            timer = context.broker().shard().schedule(this::late, maxWaitMs);
        }
    }

    private void late() {
        isLate = true;
        more();
    }

    private void more() {
        if (!isOver) {
            cancelAwaits();
            pass();
        }
    }

    private void cancelAwaits() {
        awaits.forEach(PartitionStream.Await::cancel);
        awaits.clear();
    }

    private void answer() {
        end();
        var response = new FetchResponseData().setSessionId(turn.sessionId());
        FetchableTopicResponse topic = null;
        for (Part part : parts) {
            if (turn.isIncremental() && isAsKnown(part)) {
                continue;
            }
            FetchSessions.Place place = part.wish.place;
            if (topic == null
                    || !topic.topicId().equals(place.topicId())
                    || !topic.topic().equals(place.topic())) {
                topic = new FetchableTopicResponse().setTopic(place.topic()).setTopicId(place.topicId());
                response.responses().add(topic);
            }
            part.wish.knownStart = part.startOffset;
            part.wish.knownEnd = part.endOffset;
            if (part.batches.sizeInBytes() > 0) {
                turn.served(part.wish);
            }
            topic.partitions().add(described(part));
        }
        context.answer(response);
    }

    private static boolean isAsKnown(Part part) {
        return part.error == Errors.NONE
                && part.batches.sizeInBytes() == 0
                && part.startOffset == part.wish.knownStart
                && part.endOffset == part.wish.knownEnd;
    }

    private static PartitionData described(Part part) {
        boolean isError = part.error != Errors.NONE;
        return new PartitionData()
                .setPartitionIndex(part.wish.place.partition())
                .setErrorCode(part.error.code())
                .setHighWatermark(isError ? UNKNOWN : part.endOffset)
                .setLastStableOffset(isError ? UNKNOWN : part.endOffset)
                .setLogStartOffset(isError ? UNKNOWN : part.startOffset)
                .setAbortedTransactions(null)
                .setRecords(part.batches);
    }

    private void end() {
        isOver = true;
        cancelAwaits();
        if (timer != null) {
            timer.cancel();
        }
    }

    /** Nobody waits for the answer any more. */
    private void abandon() {
        end();
        parts.forEach(part -> part.batches.release());
    }
}
