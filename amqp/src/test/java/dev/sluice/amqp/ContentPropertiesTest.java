package dev.sluice.amqp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.rabbitmq.client.AMQP.BasicProperties;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Date;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

@SuppressWarnings("JavaUtilDate") // RabbitMQ's client speaks it
class ContentPropertiesTest {
    private static final int CLIENT_HEADER_BYTES = ContentHeader.FIXED_BYTES;

    private final ContentProperties properties = new ContentProperties();

    /** Every combination of present and absent properties. */
    @Test
    void readsAndWritesWhatRabbitMqsClientWrites() throws IOException {
        for (int flags = 0; flags < 1 << Property.COUNT; flags++) {
            ByteBuf theirs = client(clientProperties(flags));
            assertThat(reset(theirs)).isTrue();
            assertReads(flags);
            ByteBuf ours = Unpooled.buffer();
            builder(flags).writeTo(ours);
            assertThat(ours).isEqualTo(theirs);
        }
    }

    @Test
    void readsGoldenBytes() {
        assertThat(reset(hex("b800 03 612f62 00000005 026868 74 01 02 09"))).isTrue();
        assertThat(properties.text(Property.CONTENT_TYPE)).isEqualTo("a/b");
        assertThat(properties.headers())
                .isEqualTo(FieldTable.builder().put("hh", true).build());
        assertThat(properties.isPersistent()).isTrue();
        assertThat(properties.priority()).isEqualTo(9);
        assertThat(properties.text(Property.EXPIRATION)).isNull();
    }

    @Test
    void hasNothingWhenEmpty() {
        assertThat(reset(hex("0000"))).isTrue();
        assertThat(properties.headers()).isEqualTo(FieldTable.EMPTY);
        assertThat(properties.header(utf8("h"))).isNull();
        assertThat(properties.isPersistent()).isFalse();
        assertThat(properties.priority()).isZero();
        assertThat(properties.timestamp()).isZero();
        assertThatThrownBy(() -> properties.text(Property.HEADERS)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusesMalformedBytesAndIsEmptyThen() {
        for (String hex : new String[] {
            "",
            "80",
            "8000",
            "8000 02 61",
            "0001",
            "0000 00",
            "1000",
            "0040 00000000000000",
            "2000 000000",
            "2000 00000001",
            "2000 00000003 0161 5a",
            "2000 00000004 01ff 7400",
            "9000 00"
        }) {
            assertThat(reset(hex(hex))).as(hex).isFalse();
            assertThat(properties.length()).isZero();
            assertThat(properties.has(Property.CONTENT_TYPE)).isFalse();
        }
    }

    @Test
    void findsOneHeader() {
        FieldTable table = FieldTable.builder()
                .put("a", FieldTable.builder().put("x-delay", 1).build())
                .put("x-delay", 5000)
                .put("last", "z")
                .build();
        reset(encode(new PropertiesBuilder().headers(table).persistent(true)));
        assertThat(properties.header(utf8("x-delay"))).isEqualTo(FieldValue.of(5000));
        assertThat(properties.header(utf8("last"))).isEqualTo(FieldValue.of("z"));
        assertThat(properties.header(utf8("x-delaz"))).isNull();
        assertThat(properties.header(utf8("x"))).isNull();
    }

    @Test
    void addsAHeaderWhereThereWereNone() {
        FieldTable count = FieldTable.builder().put("x-delivery-count", 2L).build();
        for (int flags = 0; flags < 1 << Property.COUNT; flags++) {
            int withoutHeaders = flags & ~(Property.HEADERS.flag() >>> 2);
            reset(encode(builder(withoutHeaders)));
            ByteBuf out = Unpooled.buffer();
            properties.writeWithHeaders(out, count, Set.of());
            assertThat(out).isEqualTo(encode(builder(withoutHeaders).headers(count)));
        }
    }

    @Test
    void replacesAndRemovesHeadersAndKeepsAllOtherBytes() {
        // 0x05 is no canonical boolean: only a copy keeps it.
        ByteBuf in = hex("a000 01 61 00000019 0161 74 05 0162 49 00000001 0163 74 01 0162 49 00000002 0164 56");
        assertThat(reset(in)).isTrue();
        ByteBuf out = Unpooled.buffer();
        FieldTable added = FieldTable.builder().put("b", true).put("e", "x").build();
        properties.writeWithHeaders(out, added, Set.of("c"));
        assertThat(ByteBufUtil.hexDump(out))
                .isEqualTo(ByteBufUtil.hexDump(
                        hex("a000 01 61 00000013 0161 74 05 0164 56 0162 74 01 0165 53 00000001 78")));
        assertThat(reset(out)).isTrue();
        assertThat(properties.headers().plain().keySet()).containsExactly("a", "d", "b", "e");
    }

    private void assertReads(int flags) {
        for (Property property : Property.values()) {
            boolean there = isThere(flags, property);
            assertThat(properties.has(property)).isEqualTo(there);
            switch (property) {
                case HEADERS -> assertThat(properties.headers().plain()).isEqualTo(there ? Map.of("h", "v") : Map.of());
                case DELIVERY_MODE -> assertThat(properties.isPersistent()).isEqualTo(there);
                case PRIORITY -> assertThat(properties.priority()).isEqualTo(there ? 7 : 0);
                case TIMESTAMP -> assertThat(properties.timestamp()).isEqualTo(there ? 1234 : 0);
                default -> assertThat(properties.text(property)).isEqualTo(there ? property.name() : null);
            }
        }
    }

    private static boolean isThere(int flags, Property property) {
        return (flags & (property.flag() >>> 2)) != 0;
    }

    private static PropertiesBuilder builder(int flags) {
        PropertiesBuilder builder = new PropertiesBuilder();
        for (Property property : Property.values()) {
            if (!isThere(flags, property)) {
                continue;
            }
            switch (property) {
                case HEADERS ->
                    builder.headers(FieldTable.builder().put("h", "v").build());
                case DELIVERY_MODE -> builder.persistent(true);
                case PRIORITY -> builder.priority(7);
                case TIMESTAMP -> builder.timestamp(1234);
                default -> builder.text(property, property.name());
            }
        }
        return builder;
    }

    private static BasicProperties clientProperties(int flags) {
        BasicProperties.Builder builder = new BasicProperties.Builder();
        for (Property property : Property.values()) {
            if (!isThere(flags, property)) {
                continue;
            }
            String text = property.name();
            switch (property) {
                case CONTENT_TYPE -> builder.contentType(text);
                case CONTENT_ENCODING -> builder.contentEncoding(text);
                case HEADERS -> builder.headers(Map.of("h", "v"));
                case DELIVERY_MODE -> builder.deliveryMode(2);
                case PRIORITY -> builder.priority(7);
                case CORRELATION_ID -> builder.correlationId(text);
                case REPLY_TO -> builder.replyTo(text);
                case EXPIRATION -> builder.expiration(text);
                case MESSAGE_ID -> builder.messageId(text);
                case TIMESTAMP -> builder.timestamp(new Date(1_234_000));
                case TYPE -> builder.type(text);
                case USER_ID -> builder.userId(text);
                case APP_ID -> builder.appId(text);
                case CLUSTER_ID -> builder.clusterId(text);
            }
        }
        return builder.build();
    }

    private static ByteBuf client(BasicProperties properties) throws IOException {
        byte[] payload = properties.toFrame(1, 0).getPayload();
        return Unpooled.wrappedBuffer(payload, CLIENT_HEADER_BYTES, payload.length - CLIENT_HEADER_BYTES);
    }

    private static ByteBuf encode(PropertiesBuilder builder) {
        ByteBuf out = Unpooled.buffer();
        builder.writeTo(out);
        return out;
    }

    private boolean reset(ByteBuf in) {
        return properties.reset(in, in.readerIndex(), in.readableBytes());
    }

    private static ByteBuf hex(String hex) {
        return Unpooled.wrappedBuffer(Frame.bytes(hex));
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
