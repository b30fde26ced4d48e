package dev.sluice.amqp;

import dev.sluice.amqp.Argument.Parsed;
import dev.sluice.broker.QueueSettings;
import dev.sluice.broker.QueueSettings.Overflow;
import dev.sluice.log.Durability;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads the arguments of queue.declare. What RabbitMQ knows and this broker does not honour is refused. The rest is ignored: what RabbitMQ does not know either, and what chooses among its
 * ways of storing a queue, which one node does not have (x-queue-mode, x-queue-version, x-queue-leader-locator, x-quorum-initial-group-size). Confined to one declaration.
 */
final class QueueArguments {
    static final String REJECT_PUBLISH = "reject-publish";

    private static final Set<String> NOT_IMPLEMENTED = Set.of(
            "x-dead-letter-exchange",
            "x-dead-letter-routing-key",
            "x-dead-letter-strategy",
            "x-max-length-bytes",
            "x-max-priority",
            "x-delivery-limit",
            "x-consumer-timeout",
            "x-consumer-disconnected-timeout",
            "x-delayed-retry-type",
            "x-delayed-retry-min",
            "x-delayed-retry-max",
            "x-max-age",
            "x-stream-max-segment-size-bytes",
            "x-stream-filter-size-bytes");

    private final String queue;
    private long maxLength = QueueSettings.UNLIMITED;
    private Overflow overflow = Overflow.DROP_OLDEST;
    private long messageTtlMs = QueueSettings.UNLIMITED;
    private long expiresMs = QueueSettings.UNLIMITED;
    private Durability durability = Durability.SYNC;

    private QueueArguments(String queue) {
        this.queue = RefusalCodes.queue(queue);
    }

    static Parsed<QueueSettings> parse(String queue, FieldTable arguments) {
        var parser = new QueueArguments(queue);
        for (FieldTable.Entry argument : arguments.entries()) {
            Parsed<QueueSettings> problem = parser.read(argument.name(), argument.value());
            if (problem != null) {
                return problem;
            }
        }
        return new Parsed.Understood<>(new QueueSettings(
                parser.maxLength, parser.overflow, parser.messageTtlMs, parser.expiresMs, parser.durability));
    }

    private @Nullable Parsed<QueueSettings> read(String name, FieldValue value) {
        if (NOT_IMPLEMENTED.contains(name)) {
            return Argument.notImplemented(name, queue);
        }
        return switch (name) {
            case "x-max-length" -> readNumber(name, value, 0, number -> maxLength = number);
            case "x-message-ttl" -> readNumber(name, value, 0, number -> messageTtlMs = number);
            case "x-expires" -> readNumber(name, value, 1, number -> expiresMs = number);
            case "x-overflow" -> readText(name, value, this::readOverflow);
            case "x-durability" -> readText(name, value, this::readDurability);
            case "x-queue-type" -> readText(name, value, this::readQueueType);
            case "x-single-active-consumer" ->
                value.equals(FieldValue.of(false)) ? null : Argument.notImplemented(name, queue);
            default -> null;
        };
    }

    private @Nullable Parsed<QueueSettings> readNumber(String name, FieldValue value, long least, LongConsumer target) {
        String problem = Argument.problemOfNumber(value, least);
        if (problem == null && value instanceof FieldValue.Whole(char type, long number)) {
            target.accept(number);
            return null;
        }
        return Argument.invalid(name, queue, String.valueOf(problem));
    }

    private interface TextReader {
        @Nullable
        Parsed<QueueSettings> read(String name, String text);
    }

    private @Nullable Parsed<QueueSettings> readText(String name, FieldValue value, TextReader reader) {
        return value instanceof LongString text
                ? reader.read(name, text.text())
                : Argument.invalid(name, queue, Argument.unacceptableType(value));
    }

    private @Nullable Parsed<QueueSettings> readOverflow(String name, String text) {
        return switch (text) {
            case "drop-head" -> null;
            case REJECT_PUBLISH -> {
                overflow = Overflow.REJECT;
                yield null;
            }
            case "reject-publish-dlx" -> Argument.notImplemented(name + "=" + text, queue);
            default -> Argument.invalid(name, queue, "invalid_overflow");
        };
    }

    private @Nullable Parsed<QueueSettings> readDurability(String name, String text) {
        Optional<Durability> known = Durability.parse(text);
        known.ifPresent(value -> durability = value);
        return known.isPresent() ? null : Argument.invalid(name, queue, "expected sync, interval=100ms or none");
    }

    private @Nullable Parsed<QueueSettings> readQueueType(String name, String text) {
        return switch (text) {
            case "classic", "quorum" -> null;
            case "stream" -> Argument.notImplemented(name + "=" + text, queue);
            default -> Argument.invalid(name, queue, "{unsupported_queue_type,<<\"" + text + "\">>}");
        };
    }
}
