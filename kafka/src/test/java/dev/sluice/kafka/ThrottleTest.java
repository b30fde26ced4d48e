package dev.sluice.kafka;

import static dev.sluice.kafka.Requests.PRODUCE_BY_NAME;
import static dev.sluice.kafka.Requests.batch;
import static dev.sluice.kafka.Requests.batchAt;
import static dev.sluice.kafka.Requests.only;
import static dev.sluice.kafka.Requests.produce;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.broker.BrokerLimits;
import dev.sluice.broker.PublishRates;
import dev.sluice.broker.QueueProperty;
import dev.sluice.broker.QueueSettings;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.ProduceResponseData;
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
