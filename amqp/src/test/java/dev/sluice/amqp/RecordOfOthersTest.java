package dev.sluice.amqp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.broker.RouteHeader;
import dev.sluice.log.RecordBatchBuilder;
import dev.sluice.log.RecordCursor;
import dev.sluice.log.RecordHeaders;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a consumer sees of a record that another protocol wrote. */
final class RecordOfOthersTest {
    private static final long TIMESTAMP_MS = 1_700_000_000_123L;

    @Test
    void keyTimeAndHeadersOfAKafkaRecordAreShown() {
        ByteBuf headers = Unpooled.buffer();
        RecordHeaders.writeCount(headers, 3);
        RecordHeaders.write(headers, bytes("trace"), bytes("42"));
        RecordHeaders.write(headers, bytes("nothing"), (byte[]) null);
        RecordHeaders.write(headers, bytes("x-key"), bytes("not the key"));
        ContentProperties properties = propertiesOf("customer-7", headers);
        assertThat(properties.timestamp()).isEqualTo(TIMESTAMP_MS / 1_000);
        Map<String, @Nullable Object> shown = properties.headers().plain();
        assertThat(shown).containsEntry("x-key", "customer-7").containsEntry("trace", "42");
        assertThat(shown).containsEntry("nothing", null).hasSize(3);
    }

    @Test
    void aKeyThatIsNoTextIsShownAsItsBytes() {
        ByteBuf batch = batch(Unpooled.wrappedBuffer(new byte[] {(byte) 0xff, 1}), RecordHeaders.EMPTY.duplicate());
        assertThat(properties(batch).headers().plain().get("x-key")).isEqualTo(new byte[] {(byte) 0xff, 1});
    }

    @Test
    void aKeyThatIsTheRoutingKeyIsNotShownAgain() {
        assertThat(propertiesOf("eu.fr", routed("news", "eu.fr")).headers().isEmpty())
                .isTrue();
        assertThat(propertiesOf("eu.de", routed("news", "eu.fr")).headers().plain())
                .containsEntry("x-key", "eu.de");
        assertThat(propertiesOf(null, routed("news", "eu.fr")).headers().isEmpty())
                .isTrue();
        assertThat(propertiesOf(null, RecordHeaders.EMPTY.duplicate()).headers().isEmpty())
                .isTrue();
    }

    private static ByteBuf routed(String exchange, String routingKey) {
        ByteBuf headers = Unpooled.buffer();
        RecordHeaders.writeCount(headers, 1);
        RecordHeaders.write(headers, RouteHeader.KEY, RouteHeader.encode(exchange, routingKey));
        return headers;
    }

    private static ContentProperties propertiesOf(@Nullable String key, ByteBuf headers) {
        return properties(batch(key == null ? null : Unpooled.wrappedBuffer(bytes(key)), headers));
    }

    private static ByteBuf batch(@Nullable ByteBuf key, ByteBuf headers) {
        try (var builder = new RecordBatchBuilder(ByteBufAllocator.DEFAULT)) {
            builder.append(TIMESTAMP_MS, key, Unpooled.EMPTY_BUFFER, headers);
            return builder.build();
        }
    }

    /** Releases the batch. */
    private static ContentProperties properties(ByteBuf batch) {
        var cursor = new RecordCursor();
        cursor.reset(batch, 0);
        cursor.next();
        ByteBuf out = Unpooled.buffer();
        StoredMessage.writeProperties(out, cursor, FieldTable.builder());
        batch.release();
        var properties = new ContentProperties();
        assertThat(properties.reset(out, 0, out.writerIndex())).isTrue();
        return properties;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
