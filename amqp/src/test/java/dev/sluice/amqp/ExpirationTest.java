package dev.sluice.amqp;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What the property expiration may say. */
class ExpirationTest {
    @Test
    void takesWholeMilliseconds() {
        assertThat(Expiration.problemOf("0")).isNull();
        assertThat(Expiration.problemOf("+60000")).isNull();
        assertThat(Expiration.ms("+60000")).isEqualTo(60_000);
        assertThat(Expiration.problemOf("4294967295")).isNull();
        assertThat(Expiration.ms("4294967295")).isEqualTo(4_294_967_295L);
    }

    @Test
    void saysWhatIsWrongAsRabbitMqDoes() {
        assertThat(Expiration.problemOf("")).isEqualTo("no_integer");
        assertThat(Expiration.problemOf("soon")).isEqualTo("no_integer");
        assertThat(Expiration.problemOf("-")).isEqualTo("no_integer");
        assertThat(Expiration.problemOf("10s")).isEqualTo("{leftover_string,\"s\"}");
        assertThat(Expiration.problemOf("1.5")).isEqualTo("{leftover_string,\".5\"}");
        assertThat(Expiration.problemOf("-5")).isEqualTo("{value_negative,-5}");
        assertThat(Expiration.problemOf("4294967296")).isEqualTo("{value_too_big,4294967296}");
    }

    @Test
    void isNotConfusedByNumbersOfAnyLength() {
        String digits = "9".repeat(254);
        assertThat(Expiration.problemOf(digits)).isEqualTo("{value_too_big," + digits + "}");
        assertThat(Expiration.problemOf("-" + digits)).isEqualTo("{value_negative,-" + digits + "}");
    }
}
