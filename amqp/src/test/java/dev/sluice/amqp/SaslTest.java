package dev.sluice.amqp;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SaslTest {
    @Test
    void readsPlain() {
        assertThat(Sasl.plain(LongString.of("\0guest\0secret"))).contains(new Credentials("guest", "secret"));
        assertThat(Sasl.plain(LongString.of("other\0gäst\0"))).contains(new Credentials("gäst", ""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "guest", "\0guest", "\0a\0b\0", "\0a\0b\0c"})
    void refusesMalformedPlain(String response) {
        assertThat(Sasl.plain(LongString.of(response))).isEmpty();
    }

    @Test
    void refusesWhatIsNotUtf8() {
        assertThat(Sasl.plain(LongString.of(new byte[] {0, 'a', 0, (byte) 0xFF})))
                .isEmpty();
    }

    @Test
    void readsAmqPlain() {
        FieldTable table = FieldTable.builder()
                .put("PASSWORD", "secret")
                .put("LOGIN", "guest")
                .build();
        assertThat(Sasl.amqPlain(body(table))).contains(new Credentials("guest", "secret"));
    }

    @Test
    void refusesMalformedAmqPlain() {
        assertThat(Sasl.amqPlain(LongString.EMPTY)).isEmpty();
        assertThat(Sasl.amqPlain(LongString.of("\0guest\0secret"))).isEmpty();
        assertThat(Sasl.amqPlain(body(FieldTable.builder().put("LOGIN", "guest").build())))
                .isEmpty();
        assertThat(Sasl.amqPlain(body(FieldTable.builder()
                        .put("LOGIN", 1)
                        .put("PASSWORD", "secret")
                        .build())))
                .isEmpty();
    }

    @Test
    void keepsThePasswordOutOfLogs() {
        assertThat(new Credentials("guest", "secret")).hasToString("Credentials[guest]");
    }

    private static LongString body(FieldTable table) {
        ByteBuf out = Unpooled.buffer();
        WireWriter.table(out, table);
        return LongString.of(ByteBufUtil.getBytes(out.skipBytes(Integer.BYTES)));
    }
}
