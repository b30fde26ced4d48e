package dev.sluice.amqp;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.rabbitmq.client.impl.AMQImpl;
import com.rabbitmq.client.impl.Method;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AmqpMethodTest {
    private static final int ROUNDS = 50;

    /** Ours to RabbitMQ's, where they differ in more than case. */
    private static final Map<String, String> NAMES = Map.of(
            "kind", "type",
            "heartbeatSeconds", "heartbeat",
            "failedClassId", "classId",
            "failedMethodId", "methodId");

    static List<Class<?>> methods() {
        return RandomMethods.classes();
    }

    @Test
    void knowsEveryMethodOfRabbitMqsClient() {
        assertThat(methods()).hasSize(66);
    }

    @ParameterizedTest
    @MethodSource("methods")
    void roundTrips(Class<?> type) {
        RandomMethods random = new RandomMethods(type.getName().hashCode());
        for (int round = 0; round < ROUNDS; round++) {
            AmqpMethod method = random.next(type);
            assertThat(decode(encode(method))).isEqualTo(method);
        }
    }

    /** Arguments with the same name have the same value there, and what it writes are our bytes. */
    @ParameterizedTest
    @MethodSource("methods")
    void agreesWithRabbitMqsClient(Class<?> type) throws Exception {
        RandomMethods random = new RandomMethods(type.getName().hashCode());
        for (int round = 0; round < ROUNDS; round++) {
            AmqpMethod method = withSimpleTable(random.next(type));
            byte[] payload = encode(method);
            Method theirs = readWithClient(payload);
            assertThat(theirs.protocolClassId()).isEqualTo(method.classId());
            assertThat(theirs.protocolMethodId()).isEqualTo(method.methodId());
            assertThat(theirs.protocolMethodName().replaceAll("[.-]", ""))
                    .isEqualToIgnoringCase(
                            type.getEnclosingClass().getSimpleName().replace("Method", "") + type.getSimpleName());
            assertThat(theirs.toFrame(1).getPayload()).isEqualTo(payload);
            for (RecordComponent component : type.getRecordComponents()) {
                assertSame(component, method, theirs);
            }
        }
    }

    @Test
    void writesQueueDeclareAsTheSpecificationSays() {
        AmqpMethod method = new QueueMethod.Declare(
                "q",
                false,
                true,
                false,
                false,
                true,
                FieldTable.builder().put("k", true).build());
        assertThat(ByteBufUtil.hexDump(encode(method)))
                .isEqualTo("0032000a" + "0000" + "0171" + "12" + "00000004" + "016b7401");
    }

    @Test
    void keepsSecretsOutOfLogs() {
        assertThat(new ConnectionMethod.StartOk(FieldTable.EMPTY, "PLAIN", LongString.of("\0guest\0secret"), "en_US"))
                .asString()
                .doesNotContain("secret");
    }

    @Test
    void doesNotWriteTextThatIsTooLong() {
        ByteBuf out = Unpooled.buffer();
        AmqpMethod method = new BasicMethod.Cancel("€".repeat(86), false);
        assertThatThrownBy(() -> method.writeArguments(out)).isInstanceOf(IllegalArgumentException.class);
        assertThat(out.isReadable()).isFalse();
    }

    private static byte[] encode(AmqpMethod method) {
        ByteBuf out = Unpooled.buffer();
        int channel = method.classId() == ConnectionMethod.CLASS_ID ? 0 : 1;
        new FrameWriter().method(out, channel, method);
        byte[] payload = new byte[out.readableBytes() - FrameDecoder.OVERHEAD_BYTES];
        out.getBytes(7, payload);
        return payload;
    }

    private static AmqpMethod decode(byte[] payload) {
        WireReader reader = new WireReader();
        ByteBuf in = Unpooled.wrappedBuffer(payload);
        reader.reset(in, 4, payload.length - 4, FieldTable.MAX_FIELDS);
        AmqpMethod method = AmqpMethod.read(in.getInt(0), reader);
        assertThat(reader.failure()).isNull();
        assertThat(reader.isAtEnd()).isTrue();
        return requireNonNull(method);
    }

    private static Method readWithClient(byte[] payload) throws IOException {
        return AMQImpl.readMethodFrom(new DataInputStream(new ByteArrayInputStream(payload)));
    }

    /** RabbitMQ's client keeps neither the order of a table nor all types, so compare one field of a type that it keeps. */
    private static AmqpMethod withSimpleTable(AmqpMethod method) throws Exception {
        RecordComponent[] components = method.getClass().getRecordComponents();
        Object[] arguments = new Object[components.length];
        for (int i = 0; i < components.length; i++) {
            boolean isTable = components[i].getType() == FieldTable.class;
            arguments[i] = isTable
                    ? FieldTable.builder().put("key", "value").build()
                    : components[i].getAccessor().invoke(method);
        }
        Class<?>[] types =
                Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
        return (AmqpMethod) method.getClass().getDeclaredConstructor(types).newInstance(arguments);
    }

    private static void assertSame(RecordComponent component, AmqpMethod method, Method theirs) throws Exception {
        Object our = component.getAccessor().invoke(method);
        String getter = "get" + NAMES.getOrDefault(component.getName(), component.getName());
        Object their = Arrays.stream(theirs.getClass().getMethods())
                .filter(candidate -> candidate.getName().equalsIgnoreCase(getter))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + getter + " in " + theirs))
                .invoke(theirs);
        switch (our) {
            case FieldTable table -> assertThat(their).hasToString(table.plain().toString());
            case LongString text -> assertThat(their).hasToString(text.text());
            case Long number when their instanceof Integer -> assertThat(their).isEqualTo(number.intValue());
            default -> assertThat(Objects.toString(their)).isEqualTo(our.toString());
        }
    }
}
