package dev.sluice.amqp;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.AMQP;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ReplyCodeTest {
    @Test
    void hasTheNumbersOfRabbitMqsClient() throws ReflectiveOperationException {
        for (ReplyCode code : ReplyCode.values()) {
            String name = code == ReplyCode.SUCCESS ? "REPLY_SUCCESS" : code.name();
            assertThat(AMQP.class.getField(name).getInt(null)).isEqualTo(code.code());
        }
    }

    @Test
    void writesRabbitMqsTexts() {
        assertThat(ReplyCode.NOT_FOUND.text("no queue 'x' in vhost '/'"))
                .isEqualTo("NOT_FOUND - no queue 'x' in vhost '/'");
    }

    @Test
    void cutsTextsBetweenCharacters() {
        for (int padding = 0; padding < 4; padding++) {
            String text = ReplyCode.NOT_FOUND.text("x".repeat(padding) + "€".repeat(100));
            assertThat(text).endsWith("€...").doesNotContain("\uFFFD");
            assertThat(text.getBytes(StandardCharsets.UTF_8).length).isBetween(253, 255);
        }
    }
}
