package dev.sluice.amqp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.rabbitmq.client.impl.ValueReader;
import com.rabbitmq.client.impl.ValueWriter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@SuppressWarnings("JavaUtilDate") // RabbitMQ's client speaks it
class FieldTableTest {
    private static final int ROUNDS = 500;

    /** A value, its bytes behind the name, its plain Java, and what RabbitMQ's client reads (null where it refuses). */
    static List<Arguments> types() {
        return List.of(
                row(FieldValue.of("äx"), "53 00000003 c3a478", "äx", "äx"),
                row(FieldValue.of(true), "74 01", true, "true"),
                row(FieldValue.of(false), "74 00", false, "false"),
                row(new FieldValue.Whole('b', -2), "62 fe", -2L, "-2"),
                row(new FieldValue.Whole('B', 254), "42 fe", 254L, "254"),
                row(new FieldValue.Whole('s', -2), "73 fffe", -2L, "-2"),
                row(new FieldValue.Whole('u', 65534), "75 fffe", 65534L, "65534"),
                row(FieldValue.of(-2), "49 fffffffe", -2L, "-2"),
                row(new FieldValue.Whole('i', 4294967294L), "69 fffffffe", 4294967294L, "4294967294"),
                row(FieldValue.of(-2L), "6c fffffffffffffffe", -2L, "-2"),
                row(new FieldValue.Whole('L', -2), "4c fffffffffffffffe", -2L, null),
                row(new FieldValue.SinglePrecision(1.5f), "66 3fc00000", 1.5, "1.5"),
                row(new FieldValue.DoublePrecision(-0.1), "64 bfb999999999999a", -0.1, "-0.1"),
                row(new FieldValue.Decimal(2, 314), "44 02 0000013a", new BigDecimal("3.14"), "3.14"),
                row(new FieldValue.Decimal(1, -5), "44 01 fffffffb", new BigDecimal("-0.5"), "-0.5"),
                row(
                        new FieldValue.Timestamp(1_700_000_000),
                        "54 000000006553f100",
                        Instant.ofEpochSecond(1_700_000_000),
                        new Date(1_700_000_000_000L).toString()),
                row(new FieldValue.Timestamp(Long.MAX_VALUE), "54 7fffffffffffffff", Long.MAX_VALUE, null),
                row(new FieldValue.Binary(LongString.of("ab")), "78 00000002 6162", new byte[] {'a', 'b'}, null),
                row(LongString.of(new byte[] {(byte) 0xFF}), "53 00000001 ff", new byte[] {-1}, null),
                row(FieldValue.None.NONE, "56", null, "null"),
                row(FieldTable.builder().put("i", 1).build(), "46 00000007 0169 49 00000001", Map.of("i", 1L), "{i=1}"),
                row(
                        new FieldArray(List.of(FieldValue.of(1), FieldValue.of("b"))),
                        "41 0000000b 49 00000001 53 00000001 62",
                        List.of(1L, "b"),
                        "[1, b]"));
    }

    private static Arguments row(FieldValue value, String hex, @Nullable Object plain, @Nullable String inClient) {
        return Arguments.of(value, hex, plain, inClient);
    }

    @ParameterizedTest
    @MethodSource("types")
    void keepsEveryType(FieldValue value, String hex, @Nullable Object plain, @Nullable String inClient)
            throws IOException {
        byte[] field = Frame.bytes("016b" + hex);
        ByteBuf expected = Unpooled.buffer().writeInt(field.length).writeBytes(field);
        FieldTable table = FieldTable.builder().put("k", value).build();
        assertThat(ByteBufUtil.hexDump(encode(table))).isEqualTo(ByteBufUtil.hexDump(expected));
        assertThat(decode(expected)).isEqualTo(table);
        assertThat(table.plain()).containsOnlyKeys("k");
        assertThat(table.plain().get("k")).isEqualTo(plain);
        if (inClient != null) {
            byte[] bytes = ByteBufUtil.getBytes(expected);
            Map<String, Object> theirs =
                    new ValueReader(new DataInputStream(new ByteArrayInputStream(bytes))).readTable();
            assertThat(String.valueOf(theirs.get("k"))).isEqualTo(inClient);
        }
    }

    @Test
    void readsWhatRabbitMqsClientWrites() throws IOException {
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        values.put("string", "text");
        values.put("int", 7);
        values.put("long", 8L);
        values.put("short", (short) 9);
        values.put("byte", (byte) 10);
        values.put("bool", true);
        values.put("double", 0.5);
        values.put("float", 0.25f);
        values.put("decimal", new BigDecimal("12.50"));
        values.put("date", new Date(5000));
        values.put("bytes", new byte[] {1, 2});
        values.put("null", null);
        values.put("list", Arrays.asList(1, "two", List.of(3L)));
        values.put("map", Map.of("deep", Map.of("deeper", "deepest")));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ValueWriter writer = new ValueWriter(new DataOutputStream(bytes));
        writer.writeTable(Collections.unmodifiableMap(values));
        writer.flush();

        ByteBuf encoded = Unpooled.wrappedBuffer(bytes.toByteArray());
        FieldTable table = decode(encoded);
        assertThat(encode(table)).isEqualTo(encoded);
        assertThat(table.plain()).containsExactlyEntriesOf(plain(values));
    }

    private static Map<String, @Nullable Object> plain(Map<String, @Nullable Object> values) {
        Map<String, @Nullable Object> plain = new LinkedHashMap<>(values);
        plain.put("int", 7L);
        plain.put("short", 9L);
        plain.put("byte", 10L);
        plain.put("float", 0.25);
        plain.put("date", Instant.ofEpochSecond(5));
        plain.put("list", List.of(1L, "two", List.of(3L)));
        return plain;
    }

    @Test
    void roundTripsRandomTablesAndWalksThem() {
        for (int seed = 0; seed < ROUNDS; seed++) {
            FieldTable table = new RandomMethods(seed).table(0);
            ByteBuf encoded = encode(table);
            assertThat(decode(encoded)).as("seed %d", seed).isEqualTo(table);
            assertThat(new FieldWalker().skipTable(encoded, 0, encoded.writerIndex()))
                    .isEqualTo(encoded.writerIndex());
        }
    }

    @Test
    void keepsNamesInOrderAndFindsTheFirstOfTwo() {
        FieldTable table =
                FieldTable.builder().put("z", 1).put("a", 2).put("z", 3).build();
        assertThat(decode(encode(table)).entries())
                .extracting(FieldTable.Entry::name)
                .containsExactly("z", "a", "z");
        assertThat(table.get("z")).isEqualTo(FieldValue.of(1));
        assertThat(table.plain()).containsExactly(Map.entry("z", 1L), Map.entry("a", 2L));
        assertThat(table.get("y")).isNull();
    }

    @Test
    void refusesTablesThatAreNestedTooDeep() {
        assertProblem(nested(FieldTable.MAX_DEPTH), null, "");
        assertProblem(
                nested(FieldTable.MAX_DEPTH + 1),
                ReplyCode.SYNTAX_ERROR,
                "field table is nested deeper than 32 levels");
    }

    @Test
    void refusesTablesWithTooManyFields() {
        assertProblem(wide(FieldTable.MAX_FIELDS), null, "");
        assertProblem(wide(FieldTable.MAX_FIELDS + 1), ReplyCode.SYNTAX_ERROR, "field table has too many fields");
    }

    @Test
    void refusesUnknownTypesAndClaimsThatDoNotFit() {
        assertProblem(hex("00000003 016b 5a"), ReplyCode.SYNTAX_ERROR, "field table has a value of unknown type 90");
        assertProblem(hex("00000007 016b 53 7fffffff"), ReplyCode.FRAME_ERROR, "");
        assertProblem(hex("00000007 016b 41 ffffffff"), ReplyCode.FRAME_ERROR, "");
        assertProblem(hex("00000002 ff6b"), ReplyCode.FRAME_ERROR, "");
        assertProblem(hex("00000002 016b"), ReplyCode.FRAME_ERROR, "");
        assertProblem(hex("00000004 01ff 7401"), ReplyCode.FRAME_ERROR, "Malformed UTF-8 in shortstr");
    }

    /** An inner length that reaches beyond its own table is refused even though the bytes are there. */
    @Test
    void refusesAValueThatReachesOutOfItsTable() {
        assertProblem(hex("0000000c 016b 46 00000003 0161 49 00000001"), ReplyCode.FRAME_ERROR, "");
    }

    @Test
    void refusesNumbersThatDoNotFitTheirType() {
        assertThatThrownBy(() -> new FieldValue.Whole('b', 128)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new FieldValue.Whole('B', -1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new FieldValue.Whole('i', 1L << 32)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new FieldValue.Whole('q', 1)).isInstanceOf(IllegalArgumentException.class);
    }

    private static void assertProblem(ByteBuf table, @Nullable ReplyCode code, String problem) {
        WireReader reader = new WireReader();
        reader.reset(table, 0, table.writerIndex(), FieldTable.MAX_FIELDS);
        reader.table();
        assertThat(reader.failure()).isEqualTo(code);
        assertThat(reader.problem()).isEqualTo(problem);
        int end = new FieldWalker().skipTable(table, 0, table.writerIndex());
        assertThat(end).isEqualTo(code == null ? table.writerIndex() : FieldWalker.MALFORMED);
    }

    private static ByteBuf nested(int levels) {
        FieldTable table = FieldTable.builder().put("", 1).build();
        for (int level = 1; level < levels; level++) {
            table = FieldTable.builder().put("", table).build();
        }
        return encode(table);
    }

    private static ByteBuf wide(int fields) {
        FieldTable.Builder table = FieldTable.builder();
        for (int i = 0; i < fields; i++) {
            table.put("", FieldValue.None.NONE);
        }
        return encode(table.build());
    }

    private static ByteBuf hex(String hex) {
        return Unpooled.wrappedBuffer(Frame.bytes(hex));
    }

    private static ByteBuf encode(FieldTable table) {
        ByteBuf out = Unpooled.buffer();
        WireWriter.table(out, table);
        return out;
    }

    private static FieldTable decode(ByteBuf in) {
        WireReader reader = new WireReader();
        reader.reset(in, in.readerIndex(), in.readableBytes(), FieldTable.MAX_FIELDS);
        FieldTable table = reader.table();
        assertThat(reader.problem()).isEmpty();
        assertThat(reader.failure()).isNull();
        assertThat(reader.isAtEnd()).isTrue();
        return table;
    }
}
