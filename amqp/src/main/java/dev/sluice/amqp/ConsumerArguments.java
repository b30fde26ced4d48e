package dev.sluice.amqp;

import java.util.Optional;
import java.util.Set;

/** Looks at the arguments of basic.consume, of which none is honoured yet. Stateless. */
final class ConsumerArguments {
    private static final Set<String> NOT_IMPLEMENTED = Set.of(
            "x-priority", "x-stream-offset", "x-stream-filter", "x-stream-match-unfiltered", "x-consumer-timeout");

    private ConsumerArguments() {}

    /** The first argument that means something to RabbitMQ and nothing here. */
    static Optional<String> notImplemented(FieldTable arguments) {
        return arguments.entries().stream()
                .map(FieldTable.Entry::name)
                .filter(NOT_IMPLEMENTED::contains)
                .findFirst();
    }
}
