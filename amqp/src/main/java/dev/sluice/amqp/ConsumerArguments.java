package dev.sluice.amqp;

import dev.sluice.amqp.Argument.Parsed;
import java.util.Optional;
import java.util.Set;

/** Reads the arguments of basic.consume. Stateless. */
final class ConsumerArguments {
    private static final String PRIORITY = "x-priority";
    private static final Set<String> NOT_IMPLEMENTED =
            Set.of("x-stream-offset", "x-stream-filter", "x-stream-match-unfiltered", "x-consumer-timeout");

    private ConsumerArguments() {}

    /** The first argument that means something to RabbitMQ and nothing here. */
    static Optional<String> notImplemented(FieldTable arguments) {
        return arguments.entries().stream()
                .map(FieldTable.Entry::name)
                .filter(NOT_IMPLEMENTED::contains)
                .findFirst();
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
