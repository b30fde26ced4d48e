package dev.sluice.broker;

import org.jspecify.annotations.Nullable;

/**
 * What an exchange is declared as. Immutable.
 *
 * @param name empty for the default exchange
 * @param durable whether it outlives the process
 * @param autoDelete whether it goes when its last binding goes
 * @param internal whether publishers are refused and only bindings lead to it
 * @param delayed whether publishers may ask it to hold a message back, where their protocol has its own way of saying so for an exchange
 * @param alternate the exchange that gets what no binding of this one matches; null for none
 */
public record ExchangeSpec(
        String name,
        ExchangeType type,
        boolean durable,
        boolean autoDelete,
        boolean internal,
        boolean delayed,
        @Nullable String alternate) {
    public ExchangeSpec(
            String name,
            ExchangeType type,
            boolean durable,
            boolean autoDelete,
            boolean internal,
            @Nullable String alternate) {
        this(name, type, durable, autoDelete, internal, false, alternate);
    }
}
