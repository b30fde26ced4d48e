package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.broker.QueueSettings.Overflow;
import dev.sluice.broker.ResourceStatus.Step;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is foreseen of a queue, and who hears of it. */
class QueueForecastTest {
    private static final int SECOND_MS = 1_000;
    private static final int MINUTE_MS = 60 * SECOND_MS;

    private final QueueAlerts alerts = new QueueAlerts();
    private long ready;
    private long published;
    private long nowMs = TimedBroker.START_MS;

    private QueueForecast forecast(Overflow overflow, long most) {
        var forecast =
                new QueueForecast(new QueueWatch("q", overflow, 30 * MINUTE_MS, alerts), () -> published, () -> ready);
        forecast.follow(QueueUse.Kind.MESSAGES, most, () -> ready);
        return forecast;
    }

    private void seconds(QueueForecast forecast, int seconds, int in, int out) {
        for (int i = 0; i < seconds; i++) {
            nowMs += SECOND_MS;
            published += in;
            ready += in - out;
            forecast.turn(nowMs);
        }
    }

    @Test
    void foreseesWhenTheLimitIsReached() {
        QueueForecast forecast = forecast(Overflow.REJECT, 10_000);
        assertThat(forecast.limitInMs(nowMs)).isEmpty();
        seconds(forecast, 100, 50, 0);
        assertThat(forecast.limitInMs(nowMs).orElseThrow()).isCloseTo(100 * SECOND_MS, within(1_000L));
        seconds(forecast, 100, 50, 0);
        assertThat(forecast.limitInMs(nowMs)).hasValue(0);
        seconds(forecast, 300, 0, 20);
        assertThat(forecast.limitInMs(nowMs)).isEmpty();
    }

    @Test
    void aTimeWithoutUseCountsAsOneWithoutGrowth() {
        QueueForecast forecast = forecast(Overflow.REJECT, 10_000);
        for (int i = 0; i < 100; i++) {
            nowMs += 9 * SECOND_MS;
            seconds(forecast, 1, 40, 0); // 40 in 10 seconds
        }
        assertThat(forecast.limitInMs(nowMs).orElseThrow()).isCloseTo(1_500 * SECOND_MS, within(150L * SECOND_MS));
        nowMs += 24L * 60 * MINUTE_MS;
        seconds(forecast, 1, 0, 0);
        assertThat(forecast.limitInMs(nowMs)).isEmpty();
    }

    @Test
    void samplesAreASecondApart() {
        QueueForecast forecast = forecast(Overflow.REJECT, 10_000);
        for (int i = 0; i < 10_000; i++) {
            nowMs++;
            ready = i % 1_000 == 0 ? i / 1_000 : 9_999; // only full seconds are looked at
            forecast.turn(nowMs);
        }
        assertThat(forecast.limitInMs(nowMs).orElse(Long.MAX_VALUE)).isGreaterThan(MINUTE_MS);
    }

    @Test
    void saysWhenSoManyWillHaveLeft() {
        QueueForecast forecast = forecast(Overflow.REJECT, 1_000);
        assertThat(forecast.msUntilGone(1)).isZero();
        seconds(forecast, 60, 20, 20);
        assertThat(forecast.msUntilGone(1)).isEqualTo(50);
        assertThat(forecast.msUntilGone(100)).isEqualTo(5_000);
        assertThat(forecast.msUntilGone(1_000_000)).as("at the most").isEqualTo(600_000);
        seconds(forecast, 60, 0, 0);
        assertThat(forecast.msUntilGone(1)).as("hardly any leave now").isGreaterThan(10_000);
    }

    @Test
    void warnsWhenItsGrowthIsBorneOutAndWhenItIsAtItsLimit() {
        QueueForecast forecast = forecast(Overflow.BLOCK, 10_000);
        seconds(forecast, 30, 50, 0);
        assertThat(alerts.shown()).as("not yet").isEmpty();
        seconds(forecast, 40, 50, 0);
        assertThat(alerts.shown()).singleElement().satisfies(alert -> {
            assertThat(alert.step()).isEqualTo(Step.WARN);
            assertThat(alert.text())
                    .startsWith("queue q will be at its limit in 3 min: it holds ")
                    .endsWith(" of 10000 messages; then publishers wait");
        });
        seconds(forecast, 130, 50, 0);
        assertThat(alerts.shown())
                .singleElement()
                .extracting(Alert::text)
                .isEqualTo("queue q is at its limit: it holds 10000 of 10000 messages; publishers wait");
        seconds(forecast, 60, 0, 100);
        assertThat(alerts.shown()).isEmpty();
    }

    @Test
    void whereRecordsAreDroppedTheLimitIsNoAlert() {
        QueueForecast forecast = forecast(Overflow.DROP_OLDEST, 100);
        seconds(forecast, 1, 100, 0);
        seconds(forecast, 60, 10, 10);
        assertThat(alerts.shown()).isEmpty();
    }

    @Test
    void theWorstAlertsAreShown() {
        for (int i = 0; i < QueueAlerts.MOST_SHOWN; i++) {
            alerts.put("near" + i, new Alert("near" + i, Step.WARN, i, ""));
        }
        alerts.put("full", new Alert("full", Step.STOP, 1_000, ""));
        assertThat(alerts.shown()).hasSize(QueueAlerts.MOST_SHOWN);
        assertThat(alerts.shown().getFirst().subject()).isEqualTo("full");
        assertThat(alerts.shown().getLast().subject()).isEqualTo("near" + (QueueAlerts.MOST_SHOWN - 2));
    }

    @Test
    void aBrokerForeseesItsQueuesAndTellsWhoIsRefusedWhenToComeAgain(@TempDir Path folder) throws Exception {
        QueueSettings settings = QueueSettings.DEFAULT.withMaxLength(100, Overflow.REJECT);
        try (var timed = TimedBroker.open(folder, settings)) {
            for (int i = 0; i < 40; i++) {
                timed.publish("a");
                timed.pass(SECOND_MS);
            }
            assertThat(timed.statistics().limitInMs().orElseThrow()).isCloseTo(60 * SECOND_MS, within(5L * SECOND_MS));
            while (timed.statistics().ready() < 100) {
                timed.publish("a");
            }
            Subscription subscription = timed.subscribe(1);
            for (int i = 0; i < 20; i++) { // two a second leave
                timed.next().ack();
                timed.next().ack();
                timed.pass(SECOND_MS);
                timed.publish("a");
                timed.publish("a");
            }
            subscription.close();
            while (timed.statistics().ready() < 100) {
                timed.publish("a");
            }
            timed.pass(SECOND_MS);
            assertThat(timed.statistics().limitInMs()).hasValue(0);
            assertThat(timed.broker.status().alerts())
                    .anyMatch(alert -> alert.text().startsWith("queue jobs is at its limit"));
            assertThat(refusal(timed).retryAfterMs()).isBetween(200L, 2_000L);
            timed.broker.deleteQueue(TimedBroker.QUEUE);
            timed.pass(0);
            assertThat(timed.broker.status().alerts())
                    .noneMatch(alert -> alert.subject().equals("jobs"));
        }
    }

    private static Refusal refusal(TimedBroker timed) {
        try {
            timed.publish("refused");
        } catch (CompletionException failed) {
            return ((BrokerException) Objects.requireNonNull(failed.getCause())).refusal();
        }
        throw new AssertionError("the queue takes more than its limit");
    }
}
