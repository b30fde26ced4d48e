package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OrderingKeyTest {
    private static final OrderingKey PLAIN = new OrderingKey(null);
    private static final OrderingKey HEADER = new OrderingKey("customer");

    @Test
    void itIsTheHeaderThatWasNamedAndNothingElse() {
        long anna = number(HEADER, "news", "eu.fr", Map.of("customer", "anna"), "key");
        assertThat(anna).isNotEqualTo(OrderingKey.NONE);
        assertThat(number(HEADER, "", "jobs", Map.of("x", "y", "customer", "anna"), null))
                .isEqualTo(anna);
        assertThat(number(HEADER, "news", "eu.fr", Map.of("customer", "anne"), "key"))
                .isNotEqualTo(anna);
        assertThat(number(HEADER, "news", "eu.fr", Map.of(), "key")).isEqualTo(OrderingKey.NONE);
        assertThat(number(HEADER, "news", "eu.fr", Map.of("customer", ""), "key"))
                .isEqualTo(OrderingKey.NONE);
    }

    @Test
    void otherwiseItIsTheKeyOfTheRecordOrTheRoutingKey() {
        long key = number(PLAIN, "news", "eu.fr", Map.of(), "anna");
        assertThat(number(PLAIN, "", "jobs", Map.of(), "anna")).isEqualTo(key);
        assertThat(number(PLAIN, "news", "anna", Map.of(), null)).isEqualTo(key);
        assertThat(number(PLAIN, "other", "anna", Map.of("customer", "x"), null))
                .isEqualTo(key);
        assertThat(number(PLAIN, "news", "", Map.of(), null)).isEqualTo(OrderingKey.NONE);
    }

    /** There all routing keys are the name of the queue. */
    @Test
    void theRoutingKeyOfTheDefaultExchangeIsNone() {
        assertThat(number(PLAIN, "", "jobs", Map.of(), null)).isEqualTo(OrderingKey.NONE);
    }

    @Test
    void keysThatAreAlikeHaveDifferentNumbers() {
        var numbers = new HashSet<Long>();
        for (int i = 0; i < 100_000; i++) {
            numbers.add(number(PLAIN, "", "jobs", Map.of(), "customer-" + i));
            numbers.add(number(PLAIN, "", "jobs", Map.of(), String.valueOf(i)));
        }
        assertThat(numbers).hasSize(200_000);
    }

    private static long number(
            OrderingKey ordering,
            String exchange,
            String routingKey,
            Map<String, String> headers,
            @org.jspecify.annotations.Nullable String key) {
        ByteBuf section = RecordCodec.headers(exchange, routingKey, new Message(new byte[0], headers, null));
        ByteBuf keyBytes = key == null ? null : Unpooled.wrappedBuffer(key.getBytes(StandardCharsets.UTF_8));
        try {
            return SingleRecord.read(keyBytes, Unpooled.EMPTY_BUFFER, section, ordering::of);
        } finally {
            section.release();
        }
    }
}
