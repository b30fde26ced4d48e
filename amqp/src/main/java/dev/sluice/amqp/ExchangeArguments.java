package dev.sluice.amqp;

import dev.sluice.amqp.Argument.Parsed;
import dev.sluice.broker.ExchangeSpec;
import dev.sluice.broker.ExchangeType;
import org.jspecify.annotations.Nullable;

/** Reads what exchange.declare says. Stateless. */
final class ExchangeArguments {
    /** As the plugin of RabbitMQ names them. */
    private static final String DELAYED = "x-delayed-message";

    private static final String DELAYED_TYPE = "x-delayed-type";
    private static final String ALTERNATE = "alternate-exchange";

    private ExchangeArguments() {}

    static Parsed<ExchangeSpec> parse(ExchangeMethod.Declare declare) {
        boolean delayed = declare.kind().equals(DELAYED);
        ExchangeType type = delayed
                ? (declare.arguments().get(DELAYED_TYPE) instanceof LongString name ? type(name.text()) : null)
                : type(declare.kind());
        if (type == null && delayed) {
            return new Parsed.Invalid<>(
                    ReplyCode.PRECONDITION_FAILED,
                    "Invalid argument, '" + DELAYED_TYPE + "' must be an existing exchange type");
        }
        if (type == null) {
            return new Parsed.Invalid<>(ReplyCode.COMMAND_INVALID, "unknown exchange type '" + declare.kind() + "'");
        }
        FieldValue alternate = declare.arguments().get(ALTERNATE);
        if (alternate != null && !(alternate instanceof LongString)) {
            return Argument.invalid(
                    ALTERNATE, RefusalCodes.exchange(declare.exchange()), Argument.unacceptableType(alternate));
        }
        return new Parsed.Understood<>(new ExchangeSpec(
                declare.exchange(),
                type,
                declare.durable(),
                declare.autoDelete(),
                declare.internal(),
                delayed,
                alternate instanceof LongString name ? name.text() : null));
    }

    private static @Nullable ExchangeType type(String name) {
        return switch (name) {
            case "direct" -> ExchangeType.DIRECT;
            case "fanout" -> ExchangeType.FANOUT;
            case "topic" -> ExchangeType.TOPIC;
            case "headers" -> ExchangeType.HEADERS;
            default -> null;
        };
    }
}
