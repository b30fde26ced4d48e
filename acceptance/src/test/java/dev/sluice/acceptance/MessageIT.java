package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.impl.AMQImpl;
import com.rabbitmq.client.impl.LongStringHelper;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes in comes out: properties, headers and bodies. */
@ExtendWith(AmqpExtension.class)
@Timeout(60)
final class MessageIT {
    private static final int FRAME_MAX = 131_072;
    private static final int LARGEST_PAYLOAD = FRAME_MAX - RawAmqp.FRAME_OVERHEAD;

    @Test
    void keepsEveryProperty(Amqp amqp) throws Exception {
        AMQP.BasicProperties properties = Publish.properties()
                .contentType("application/json")
                .contentEncoding("gzip")
                .headers(Map.of("one", 1))
                .deliveryMode(2)
                .priority(5)
                .correlationId("correlation")
                .replyTo("reply")
                .expiration("600000")
                .messageId("message")
                .timestamp(Date.from(Instant.ofEpochMilli(1_700_000_000_000L)))
                .type("type")
                .userId("guest")
                .appId("application")
                .clusterId("cluster")
                .build();
        assertThat(roundTrip(amqp, properties, "body").getProps()).isEqualTo(properties);
    }

    @Test
    void keepsTheAbsenceOfEveryProperty(Amqp amqp) throws Exception {
        AMQP.BasicProperties received =
                roundTrip(amqp, Publish.properties().build(), "body").getProps();
        assertThat(received).isEqualTo(Publish.properties().build());
        assertThat(received.getHeaders()).isNull();
        assertThat(received.getDeliveryMode()).isNull();
    }

    @Test
    void tellsAnEmptyPropertyFromAMissingOne(Amqp amqp) throws Exception {
        AMQP.BasicProperties properties = Publish.properties()
                .contentType("")
                .headers(Map.of())
                .priority(0)
                .timestamp(Date.from(Instant.ofEpochMilli(0)))
                .correlationId("")
                .build();
        assertThat(roundTrip(amqp, properties, "body").getProps()).isEqualTo(properties);
    }

    @Test
    void keepsTextThatIsNotAscii(Amqp amqp) throws Exception {
        AMQP.BasicProperties properties = Publish.properties()
                .correlationId("Grüße, 世界 🌍")
                .headers(Map.of("schlüssel", LongStringHelper.asLongString("wert ü 世界")))
                .build();
        GetResponse response = roundTrip(amqp, properties, "Körper");
        assertThat(response.getProps()).isEqualTo(properties);
        assertThat(response.getBody()).isEqualTo("Körper".getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void keepsEveryTypeOfHeaderThatTheJavaClientWrites(Amqp amqp) throws Exception {
        Map<String, @Nullable Object> headers = new LinkedHashMap<>();
        headers.put("string", LongStringHelper.asLongString("text"));
        headers.put("int", Integer.MIN_VALUE);
        headers.put("long", Long.MAX_VALUE);
        headers.put("short", (short) -3);
        headers.put("byte", (byte) -4);
        headers.put("boolean", true);
        headers.put("float", 1.5f);
        headers.put("double", -2.25d);
        headers.put("decimal", new BigDecimal("12.345"));
        headers.put("date", Date.from(Instant.ofEpochMilli(1_700_000_000_000L)));
        headers.put("null", null);
        headers.put("table", Map.of("inner", Map.of("deep", 1)));
        headers.put("list", Arrays.asList(1, LongStringHelper.asLongString("two"), null, List.of(3L), Map.of("a", 4)));
        GetResponse response =
                roundTrip(amqp, Publish.properties().headers(headers).build(), "body");
        assertThat(response.getProps().getHeaders()).containsExactlyInAnyOrderEntriesOf(headers);
    }

    @Test
    void keepsBytesInHeaders(Amqp amqp) throws Exception {
        byte[] bytes = {0, -1, 1, -128, 127};
        GetResponse response = roundTrip(
                amqp, Publish.properties().headers(Map.of("bytes", bytes)).build(), "body");
        assertThat(response.getProps().getHeaders().get("bytes")).isEqualTo(bytes);
    }

    /** The bytes of the header frame come out as they went in, unsigned numbers, odd values and order included. */
    @Test
    void keepsEveryTypeOfHeaderThatTheWireKnows(Amqp amqp) throws Exception {
        byte[] properties = headersOnly(HexFormat.ofDelimiter(" ")
                .parseHex(
                        "01 61 74 01" // a: true
                                + " 01 62 62 ff" // b: signed byte -1
                                + " 01 63 42 ff" // c: unsigned byte 255
                                + " 01 64 73 80 00" // d: signed short
                                + " 01 65 75 ff ff" // e: unsigned short
                                + " 01 66 49 80 00 00 00" // f: signed int
                                + " 01 67 69 ff ff ff ff" // g: unsigned int
                                + " 01 68 6c 80 00 00 00 00 00 00 00" // h: signed long
                                + " 01 69 66 3f c0 00 00" // i: float
                                + " 01 6a 64 40 02 00 00 00 00 00 00" // j: double
                                + " 01 6b 44 02 00 00 30 39" // k: decimal 123.45
                                + " 01 6c 53 00 00 00 02 c3 bc" // l: long string
                                + " 01 6d 41 00 00 00 08 74 00 56 53 00 00 00 00" // m: array of false, void, empty
                                // string
                                + " 01 6e 54 00 00 00 00 65 4d c2 00" // n: timestamp
                                + " 01 6f 46 00 00 00 07 01 7a 49 00 00 00 01" // o: table
                                + " 01 70 56" // p: void
                                + " 01 71 78 00 00 00 03 00 ff 80" // q: bytes
                                + " 00 53 00 00 00 00")); // an empty name with an empty value
        assertThat(HexFormat.of().formatHex(rawRoundTrip(amqp, properties)))
                .isEqualTo(HexFormat.of().formatHex(properties));
    }

    @Test
    void keepsTimestampsThatMakeNoSense(Amqp amqp) throws Exception {
        byte[] properties = HexFormat.of().parseHex("0040" + "ffffffffffffffff");
        assertThat(rawRoundTrip(amqp, properties)).isEqualTo(properties);
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                0,
                1,
                100,
                4087,
                4088,
                4089,
                LARGEST_PAYLOAD - 1,
                LARGEST_PAYLOAD,
                LARGEST_PAYLOAD + 1,
                FRAME_MAX,
                2 * LARGEST_PAYLOAD,
                2 * LARGEST_PAYLOAD + 1,
                5_000_000
            })
    void keepsBodiesOfEverySize(int size, Amqp amqp) throws Exception {
        byte[] body = new byte[size];
        new Random(size).nextBytes(body);
        Channel channel = amqp.channel();
        String queue = amqp.name("body");
        channel.queueDeclare(queue, true, false, false, null);
        channel.confirmSelect();
        channel.basicPublish("", queue, Publish.properties().deliveryMode(2).build(), body);
        channel.waitForConfirmsOrDie(Publish.CONFIRM_LIMIT_MS);
        Inbox inbox = Inbox.manual(channel, queue);
        Delivery delivery = inbox.next();
        assertThat(Arrays.equals(delivery.getBody(), body)).isTrue();
        inbox.ack(delivery);
    }

    @Test
    void keepsALargeBodyOverManySmallFrames(Amqp amqp) throws Exception {
        byte[] body = new byte[1_000_000];
        new Random(1).nextBytes(body);
        Channel channel =
                amqp.connection(factory -> factory.setRequestedFrameMax(4096)).createChannel();
        String queue = amqp.exclusiveQueue(channel, "small-frames");
        channel.confirmSelect();
        channel.basicPublish("", queue, null, body);
        channel.waitForConfirmsOrDie(Publish.CONFIRM_LIMIT_MS);
        assertThat(Arrays.equals(channel.basicGet(queue, true).getBody(), body)).isTrue();
    }

    private static GetResponse roundTrip(Amqp amqp, AMQP.BasicProperties properties, String body) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.name("round-trip");
        channel.queueDeclare(queue, true, false, false, null);
        channel.confirmSelect();
        channel.basicPublish("", queue, properties, Publish.bytes(body));
        channel.waitForConfirmsOrDie(Publish.CONFIRM_LIMIT_MS);
        return channel.basicGet(queue, true);
    }

    /** Publishes with these property flags and bytes; those of the message that comes back. */
    private static byte[] rawRoundTrip(Amqp amqp, byte[] properties) throws Exception {
        try (RawAmqp raw = RawAmqp.open(amqp.port())) {
            raw.openChannel(1);
            raw.send(1, new AMQImpl.Queue.Declare(0, "", false, false, true, true, false, Map.of()));
            String queue = raw.expect(AMQP.Queue.DeclareOk.class).getQueue();
            raw.send(1, new AMQImpl.Confirm.Select(false));
            raw.expect(AMQP.Confirm.SelectOk.class);
            raw.send(1, new AMQImpl.Basic.Publish(0, "", queue, false, false));
            raw.sendContentHeader(1, 0, properties);
            raw.expect(AMQP.Basic.Ack.class);
            raw.send(1, new AMQImpl.Basic.Get(0, queue, true));
            raw.expect(AMQP.Basic.GetOk.class);
            byte[] header = raw.content().payload();
            return Arrays.copyOfRange(header, 12, header.length);
        }
    }

    /** The property flags for headers alone, and a table of these fields. */
    private static byte[] headersOnly(byte[] fields) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeShort(1 << 13);
        out.writeInt(fields.length);
        out.write(fields);
        return bytes.toByteArray();
    }
}
