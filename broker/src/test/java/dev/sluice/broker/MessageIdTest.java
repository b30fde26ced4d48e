package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.log.RecordHeaders;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class MessageIdTest {
    @Test
    void isTheHeaderOfThatName() {
        assertThat(id("message-id", "m 1".getBytes(StandardCharsets.UTF_8))).isEqualTo("m 1");
    }

    @Test
    void isTheAmqpPropertyBehindAllOthers() {
        // All flags before it and its own; each text is one letter long, the table is empty.
        assertThat(id("sluice.amqp", HexFormat.of().parseHex("ff800161016200000000020501630164016502" + "6d31")))
                .isEqualTo("m1");
        assertThat(id("sluice.amqp", HexFormat.of().parseHex("0080" + "026d31")))
                .isEqualTo("m1");
    }

    @Test
    void isEmptyWithoutEither() {
        assertThat(id("sluice.amqp", HexFormat.of().parseHex("8000" + "0161"))).isEmpty();
        assertThat(id("other", new byte[] {1})).isEmpty();
    }

    private static String id(String header, byte[] value) {
        ByteBuf headers = Unpooled.buffer();
        RecordHeaders.writeCount(headers, 1);
        RecordHeaders.write(headers, header.getBytes(StandardCharsets.UTF_8), value);
        return SingleRecord.withHeaders(headers, MessageId::of);
    }
}
