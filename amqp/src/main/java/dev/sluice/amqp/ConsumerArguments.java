package dev.sluice.amqp;

import dev.sluice.amqp.Argument.Parsed;
import dev.sluice.broker.StartPosition;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Reads the arguments of basic.consume. Stateless. */
final class ConsumerArguments {
    private static final String PRIORITY = "x-priority";
    private static final String STREAM_OFFSET = "x-stream-offset";
    private static final Set<String> NOT_IMPLEMENTED =
            Set.of("x-stream-filter", "x-stream-match-unfiltered", "x-consumer-timeout");

    private ConsumerArguments() {}

    /** The first argument that means something to RabbitMQ and nothing here. */
    static Optional<String> notImplemented(FieldTable arguments) {
        return arguments.entries().stream()
                .map(FieldTable.Entry::name)
                .filter(NOT_IMPLEMENTED::contains)
                .findFirst();
    }

    /** Where a consumer of a topic begins, as a consumer of RabbitMQ's streams says it; empty if it does not. */
    static Parsed<Optional<StartPosition>> start(String queueName, FieldTable arguments, long nowMs) {
        for (FieldTable.Entry argument : arguments.entries()) {
            if (argument.name().equals(STREAM_OFFSET)) {
                StartPosition start = start(argument.value(), nowMs);
                return start == null
                        ? Argument.invalid(
                                STREAM_OFFSET,
                                RefusalCodes.queue(queueName),
                                "expected first, last, next, an offset, a timestamp, or a time before now such as 5m or 7D")
                        : new Parsed.Understood<>(Optional.of(start));
            }
        }
        return new Parsed.Understood<>(Optional.empty());
    }

    private static @Nullable StartPosition start(FieldValue value, long nowMs) {
        return switch (value) {
            case FieldValue.Whole(char type, long offset) when offset >= 0 -> new StartPosition.AtOffset(offset);
            case FieldValue.Timestamp(long seconds)
            when seconds >= 0 -> new StartPosition.AtTime(TimeUnit.SECONDS.toMillis(seconds));
            case LongString text -> named(text.text(), nowMs);
            case FieldValue other -> null;
        };
    }

    private static @Nullable StartPosition named(String text, long nowMs) {
        OptionalLong agoMs = Interval.ms(text);
        if (agoMs.isPresent()) {
            return new StartPosition.AtTime(Math.max(0, nowMs - agoMs.getAsLong()));
        }
        return StartPosition.parse(text)
                .filter(start -> start instanceof StartPosition.Named)
                .orElse(null);
    }

    /** The consumer's priority: any whole number, 0 if there is none. One beyond 32 bits counts as the last within. */
    static Parsed<Integer> priority(String queueName, FieldTable arguments) {
        for (FieldTable.Entry argument : arguments.entries()) {
            if (argument.name().equals(PRIORITY)) {
                return argument.value() instanceof FieldValue.Whole(char type, long number)
                        ? new Parsed.Understood<>(Math.clamp(number, Integer.MIN_VALUE, Integer.MAX_VALUE))
                        : Argument.invalid(
                                PRIORITY, RefusalCodes.queue(queueName), Argument.unacceptableType(argument.value()));
            }
        }
        return new Parsed.Understood<>(0);
    }
}
