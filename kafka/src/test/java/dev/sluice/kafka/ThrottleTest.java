package dev.sluice.kafka;

import static dev.sluice.kafka.Requests.FETCH_BY_NAME;
import static dev.sluice.kafka.Requests.PRODUCE_BY_NAME;
import static dev.sluice.kafka.Requests.batch;
import static dev.sluice.kafka.Requests.batchAt;
import static dev.sluice.kafka.Requests.fetch;
import static dev.sluice.kafka.Requests.only;
import static dev.sluice.kafka.Requests.produce;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.broker.BrokerLimits;
import dev.sluice.broker.DiskAmount;
import dev.sluice.broker.PublishRates;
import dev.sluice.broker.QueueProperty;
import dev.sluice.broker.QueueSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How long producers are told to wait, and that they are made to. */
@Timeout(60)
@SuppressWarnings("try") // closing blocks, and a test may be interrupted
class ThrottleTest {
    private static final String TOPIC = "orders";
    private static final int A_SECOND = 100;
    /** Which is free. */
    private static final int A_QUARTER = A_SECOND / 4;

    private static final int MEMORY_BYTES = 1 << 20;
    private static final int BATCH_BYTES = 10_000;

    /** Producers are slowed where less than 90 % are free, and stopped at 60 %. */
    private static final BrokerLimits DISK_LIMITS = new BrokerLimits(
            1L << 30,
            50,
            50,
            new DiskAmount.Percent(90),
            new DiskAmount.Percent(90),
            new DiskAmount.Percent(60),
            0,
            PublishRates.UNLIMITED);

    @TempDir
    Path folder;

    @Test
    void aBatchCostsAsManyMessagesAsItHasRecords() throws Exception {
        try (RunningKafka kafka = open(new PublishRates(A_SECOND, 0, 0, 0))) {
            assertThat(throttleMs(kafka, records(1))).isZero();
            assertThat(throttleMs(kafka, records(A_QUARTER))).isZero();
            assertThat(throttleMs(kafka, records(A_QUARTER + A_SECOND))).isBetween(800, 1_000);
            assertThat(throttleMs(kafka, records(A_QUARTER + 5 * A_SECOND)))
                    .as("more than a second's worth")
                    .isBetween(4_500, 5_000);
        }
    }

    @Test
    void aBatchCostsItsBytes() throws Exception {
        try (RunningKafka kafka = open(new PublishRates(0, 10_000, 0, 0))) {
            assertThat(throttleMs(kafka, batch("x".repeat(1_000)))).isZero();
            assertThat(throttleMs(kafka, batch("x".repeat(12_500)))).isBetween(800, 1_100);
            assertThat(throttleMs(kafka, batch("x".repeat(52_500)))).isBetween(4_500, 5_100);
        }
    }

    /** On a connection of its own. */
    private static int throttleMs(RunningKafka kafka, byte[] batch) throws Exception {
        try (RawClient client = kafka.connect()) {
            return throttleMs(client, batch);
        }
    }

    private static int throttleMs(RawClient client, byte[] batch) throws Exception {
        var response = client.ask(produce(TOPIC, 0, batch), PRODUCE_BY_NAME, ProduceResponseData.class);
        assertThat(only(response).errorCode()).isZero();
        return response.throttleTimeMs();
    }

    @Test
    void theRateOfAUserIsThatOfAllConnectionsTogether() throws Exception {
        try (RunningKafka kafka = open(new PublishRates(0, 0, A_SECOND, 0))) {
            assertThat(throttleMs(kafka, records(A_QUARTER + 10 * A_SECOND))).isBetween(9_500, 10_000);
            assertThat(throttleMs(kafka, records(1))).isBetween(5_000, 10_010);
        }
    }

    @Test
    void whoPublishedTooMuchIsNotHeardForSoLong() throws Exception {
        try (RunningKafka kafka = open(new PublishRates(A_SECOND, 0, 0, 0));
                RawClient client = kafka.connect();
                RawClient other = kafka.connect()) {
            long startNs = System.nanoTime();
            int throttleMs = throttleMs(client, records(A_QUARTER + 2 * A_SECOND));
            assertThat(throttleMs).isPositive();
            client.send(new ApiVersionsRequestData(), 0);
            other.ask(new ApiVersionsRequestData(), 0, ApiVersionsResponseData.class);
            assertThat(client.hasAnswer()).isFalse();
            client.receive(new ApiVersionsRequestData().apiKey(), 0);
            assertThat(System.nanoTime() - startNs).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(throttleMs));
            assertThat(throttleMs(client, records(1)))
                    .as("the debt is paid")
                    .isLessThan(throttleMs)
                    .isLessThanOrEqualTo(10);
        }
    }

    @Test
    void producersAreSlowedMoreAndMoreAndStoppedAsMemoryGetsShort() throws Exception {
        try (RunningKafka kafka =
                        new RunningKafka(folder, BrokerLimits.defaults().withMemoryBytes(MEMORY_BYTES));
                RawClient consumer = kafka.connect()) {
            kafka.declareTransient(TOPIC);
            List<Integer> throttlesMs = new ArrayList<>();
            ProduceResponseData answer = produceAndAskMore(kafka);
            while (only(answer).errorCode() == Errors.NONE.code()) {
                throttlesMs.add(answer.throttleTimeMs());
                answer = produceAndAskMore(kafka);
            }
            int calm = MEMORY_BYTES / BATCH_BYTES * 3 / 4;
            assertThat(throttlesMs.subList(0, calm)).containsOnly(0);
            int most = Collections.max(throttlesMs);
            assertThat(most).isBetween(50, Throttle.MOST_MS);
            assertThat(throttlesMs.subList(calm, throttlesMs.size() - 4))
                    .as("less before")
                    .allMatch(throttleMs -> throttleMs < most)
                    .anyMatch(throttleMs -> throttleMs > 0);
            assertThat(only(answer).errorCode()).isEqualTo(Errors.NOT_ENOUGH_REPLICAS.code());
            assertThat(only(answer).errorMessage()).contains("memory");
            var read = consumer.ask(fetch(TOPIC, 0, 0, 0), FETCH_BY_NAME, FetchResponseData.class);
            assertThat(only(read).errorCode()).as("consumers go on").isZero();
            assertThat(only(read).records().sizeInBytes()).isGreaterThan(BATCH_BYTES);
        }
    }

    @Test
    void producersAreSlowedAsTheDiskGetsShort() throws Exception {
        try (RunningKafka kafka = new HeldDisk().open(DISK_LIMITS, 64)) {
            kafka.declare(TOPIC, QueueSettings.DEFAULT.with(QueueProperty.QUEUE_TYPE, "topic"));
            ProduceResponseData answer = produceAndAskMore(kafka);
            while (answer.throttleTimeMs() == 0) {
                answer = produceAndAskMore(kafka); // the disk has not been looked at yet
            }
            assertThat(only(answer).errorCode()).isZero();
            assertThat(answer.throttleTimeMs()).isBetween(30, Throttle.MOST_MS);
        }
    }

    @Test
    void producersAreStoppedBeforeTheDiskIsFull() throws Exception {
        try (RunningKafka kafka = new HeldDisk().open(DISK_LIMITS, 50)) {
            kafka.declare(TOPIC, QueueSettings.DEFAULT.with(QueueProperty.QUEUE_TYPE, "topic"));
            ProduceResponseData answer = produceAndAskMore(kafka);
            while (only(answer).errorCode() == 0) {
                answer = produceAndAskMore(kafka); // the disk has not been looked at yet
            }
            assertThat(only(answer).errorCode()).isEqualTo(Errors.NOT_ENOUGH_REPLICAS.code());
            assertThat(only(answer).errorMessage()).contains("disk");
        }
    }

    /** On a connection of its own, which is not heard until the throttle time of the answer is over. */
    private static ProduceResponseData produceAndAskMore(RunningKafka kafka) throws Exception {
        try (RawClient client = kafka.connect()) {
            long startNs = System.nanoTime();
            var answer = client.ask(
                    produce(TOPIC, 0, batch("x".repeat(BATCH_BYTES))), PRODUCE_BY_NAME, ProduceResponseData.class);
            client.ask(new ApiVersionsRequestData(), 0, ApiVersionsResponseData.class);
            if (only(answer).errorCode() == Errors.NONE.code()) {
                assertThat(System.nanoTime() - startNs)
                        .isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(answer.throttleTimeMs()));
            }
            return answer;
        }
    }

    private RunningKafka open(PublishRates rates) throws Exception {
        var kafka = new RunningKafka(folder, BrokerLimits.defaults().withRates(rates));
        kafka.declare(TOPIC, QueueSettings.DEFAULT.with(QueueProperty.QUEUE_TYPE, "topic"));
        return kafka;
    }

    private static byte[] records(int count) {
        long[] timestampsMs = new long[count];
        Arrays.fill(timestampsMs, System.currentTimeMillis());
        return batchAt(timestampsMs);
    }
}
