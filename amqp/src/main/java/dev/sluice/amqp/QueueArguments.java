package dev.sluice.amqp;

import dev.sluice.amqp.Argument.Parsed;
import dev.sluice.broker.QueueProperty;
import dev.sluice.broker.QueueProperty.Kind;
import dev.sluice.broker.QueueSettings;
import dev.sluice.broker.StartPosition;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Reads the arguments of queue.declare: each is a {@link QueueProperty} with {@code x-} before its name. What RabbitMQ knows and this broker does not honour is refused. The rest is ignored: what RabbitMQ does
 * not know either, and what chooses among its ways of storing a queue, which one node does not have (x-queue-mode, x-queue-version, x-queue-leader-locator, x-quorum-initial-group-size, x-stream-max-segment-size-bytes, x-stream-filter-size-bytes), or how safely it moves dead letters (x-dead-letter-strategy): it always does so at least once. Stateless.
 */
final class QueueArguments {
    private static final String PREFIX = "x-";
    private static final String QUEUE_TYPE = "x-queue-type";

    /** RabbitMQ's values of x-delayed-retry-type. */
    private static final Set<String> RETRIES = Set.of("all", "failed", "returned");

    private static final Set<String> NOT_IMPLEMENTED = Set.of("x-consumer-disconnected-timeout");

    private QueueArguments() {}

    static Parsed<QueueSettings> parse(String queueName, FieldTable arguments) {
        String queue = RefusalCodes.queue(queueName);
        Parsed<QueueSettings> parsed = new Parsed.Understood<>(QueueSettings.DEFAULT);
        for (FieldTable.Entry argument : arguments.entries()) {
            if (parsed instanceof Parsed.Understood<QueueSettings>(QueueSettings settings)) {
                parsed = read(settings, queue, argument.name(), argument.value());
            }
        }
        return parsed instanceof Parsed.Understood<QueueSettings>(QueueSettings settings)
                        && settings.deadLetterRoutingKey() != null
                        && settings.deadLetterExchange() == null
                ? Argument.invalid(
                        PREFIX + QueueProperty.DEAD_LETTER_ROUTING_KEY.propertyName(),
                        queue,
                        "routing_key_but_no_dlx_defined")
                : parsed;
    }

    private static Parsed<QueueSettings> read(QueueSettings settings, String queue, String name, FieldValue value) {
        if (NOT_IMPLEMENTED.contains(name)) {
            return Argument.notImplemented(name, queue);
        }
        if (name.equals(QUEUE_TYPE)) {
            return readQueueType(settings, queue, value);
        }
        QueueProperty property = name.startsWith(PREFIX) ? QueueProperty.named(name.substring(PREFIX.length())) : null;
        return property == null ? new Parsed.Understood<>(settings) : read(settings, queue, property, value);
    }

    private static Parsed<QueueSettings> read(
            QueueSettings settings, String queue, QueueProperty property, FieldValue value) {
        String name = PREFIX + property.propertyName();
        Object plain = switch (value) {
            case FieldValue.Whole(char type, long number)
            when property.kind() instanceof Kind.Position && number >= 0 -> new StartPosition.AtOffset(number).text();
            case FieldValue.Timestamp(long seconds)
            when property.kind() instanceof Kind.Position && seconds >= 0 ->
                new StartPosition.AtTime(TimeUnit.SECONDS.toMillis(seconds)).text();
            case FieldValue.Whole(char type, long number) -> number;
            case LongString text -> ownWord(property, text.text());
            case FieldValue.Bool(boolean flag) -> flag;
            case FieldValue other -> other;
        };
        String problem = problem(property, value, plain);
        return problem == null
                ? new Parsed.Understood<>(settings.with(property, plain))
                : Argument.invalid(name, queue, problem);
    }

    /** RabbitMQ tells apart ways of giving back, which here are one, and lets the delay grow with each of them. The age of its streams is an interval. */
    private static Object ownWord(QueueProperty property, String word) {
        OptionalLong ms = property == QueueProperty.MAX_AGE ? Interval.ms(word) : OptionalLong.empty();
        if (ms.isPresent()) {
            return ms.getAsLong();
        }
        return property == QueueProperty.DELAYED_RETRY_TYPE && RETRIES.contains(word) ? "linear" : word;
    }

    /** What is wrong with the value, in RabbitMQ's words where it has some; null if nothing is. */
    private static @org.jspecify.annotations.Nullable String problem(
            QueueProperty property, FieldValue value, Object plain) {
        if (property.problemOf(plain) == null) {
            return null;
        }
        return switch (property.kind()) {
            case Kind.Whole(long least, long most) -> {
                String problem = Argument.problemOfNumber(value, least);
                yield problem == null ? "{max_value_exceeded," + plain + "}" : problem;
            }
            case Kind.Flag() -> Argument.unacceptableType(value);
            case Kind.Choice(var words) ->
                plain instanceof String
                        ? property == QueueProperty.OVERFLOW
                                ? "invalid_overflow"
                                : "expected one of " + String.join(", ", words)
                        : Argument.unacceptableType(value);
            case Kind.Text() ->
                plain instanceof String ? "expected " + property.problemOf(plain) : Argument.unacceptableType(value);
            case Kind.Position(), Kind.Durable() ->
                plain instanceof String ? "expected " + property.problemOf(plain) : Argument.unacceptableType(value);
        };
    }

    private static Parsed<QueueSettings> readQueueType(QueueSettings settings, String queue, FieldValue value) {
        if (!(value instanceof LongString text)) {
            return Argument.invalid(QUEUE_TYPE, queue, Argument.unacceptableType(value));
        }
        return switch (text.text()) {
            case "classic", "quorum" -> new Parsed.Understood<>(settings);
            case "stream", "topic" -> new Parsed.Understood<>(settings.with(QueueProperty.QUEUE_TYPE, "topic"));
            default -> Argument.invalid(QUEUE_TYPE, queue, "{unsupported_queue_type,<<\"" + text.text() + "\">>}");
        };
    }
}
