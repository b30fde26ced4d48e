package dev.sluice.amqp;

import dev.sluice.amqp.Argument.Parsed;
import dev.sluice.broker.Binding;
import dev.sluice.broker.Binding.Destination;
import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.ExchangeSpec;

/** The exchange methods of a channel. Confined to the connection's shard. */
final class ChannelExchanges {
    static final String RESERVED_PREFIX = "amq.";

    private final AmqpChannel channel;
    private final BrokerShard broker;

    ChannelExchanges(AmqpChannel channel, BrokerShard broker) {
        this.channel = channel;
        this.broker = broker;
    }

    void handle(ExchangeMethod method) {
        switch (method) {
            case ExchangeMethod.Declare declare -> declare(declare);
            case ExchangeMethod.Delete delete -> delete(delete);
            case ExchangeMethod.Bind bind -> bind(bind);
            case ExchangeMethod.Unbind unbind -> unbind(unbind);
            case ExchangeMethod.DeclareOk reply -> channel.unexpectedReply(reply);
            case ExchangeMethod.DeleteOk reply -> channel.unexpectedReply(reply);
            case ExchangeMethod.BindOk reply -> channel.unexpectedReply(reply);
            case ExchangeMethod.UnbindOk reply -> channel.unexpectedReply(reply);
        }
    }

    private void declare(ExchangeMethod.Declare declare) {
        String name = declare.exchange();
        if (isDefault(name, declare.id())) {
            return;
        }
        if (declare.passive()) {
            broker.checkExchange(name, channel.awaiting(declare.id(), found -> declared(declare)));
            return;
        }
        switch (ExchangeArguments.parse(declare)) {
            case Parsed.Invalid<ExchangeSpec>(ReplyCode code, String explanation) ->
                channel.fail(code, explanation, declare.id());
            case Parsed.Understood<ExchangeSpec>(ExchangeSpec spec) -> declare(declare, spec);
        }
    }

    private void declare(ExchangeMethod.Declare declare, ExchangeSpec spec) {
        Runnable create = () -> broker.declareExchange(spec, channel.awaiting(declare.id(), made -> declared(declare)));
        if (spec.name().startsWith(RESERVED_PREFIX)) {
            // One that is there may be declared again, a new one may not be made.
            broker.checkExchange(
                    spec.name(),
                    channel.awaiting(
                            found -> create.run(),
                            refusal -> channel.fail(
                                    ReplyCode.ACCESS_REFUSED,
                                    "exchange name '" + spec.name() + "' contains reserved prefix 'amq.*'",
                                    declare.id())));
        } else {
            create.run();
        }
    }

    private void declared(ExchangeMethod.Declare declare) {
        channel.reply(declare.noWait(), new ExchangeMethod.DeclareOk());
    }

    private void delete(ExchangeMethod.Delete delete) {
        String name = delete.exchange();
        if (isDefault(name, delete.id())) {
            return;
        }
        if (name.startsWith(RESERVED_PREFIX)) {
            channel.fail(
                    ReplyCode.ACCESS_REFUSED,
                    "deletion of system " + RefusalCodes.exchange(name) + " not allowed",
                    delete.id());
            return;
        }
        broker.deleteExchange(
                name,
                delete.ifUnused(),
                channel.awaiting(
                        delete.id(), wasThere -> channel.reply(delete.noWait(), new ExchangeMethod.DeleteOk())));
    }

    private void bind(ExchangeMethod.Bind bind) {
        if (isDefault(bind.source(), bind.id()) || isDefault(bind.destination(), bind.id())) {
            return;
        }
        broker.bind(
                binding(bind.source(), bind.destination(), bind.routingKey(), bind.arguments()),
                channel.connectionId(),
                channel.awaiting(bind.id(), isNew -> channel.reply(bind.noWait(), new ExchangeMethod.BindOk())));
    }

    private void unbind(ExchangeMethod.Unbind unbind) {
        if (isDefault(unbind.source(), unbind.id()) || isDefault(unbind.destination(), unbind.id())) {
            return;
        }
        broker.unbind(
                binding(unbind.source(), unbind.destination(), unbind.routingKey(), unbind.arguments()),
                channel.connectionId(),
                channel.awaiting(
                        unbind.id(), wasThere -> channel.reply(unbind.noWait(), new ExchangeMethod.UnbindOk())));
    }

    private static Binding binding(String source, String destination, String key, FieldTable arguments) {
        return new Binding(source, new Destination.ToExchange(destination), key, PlainArguments.of(arguments));
    }

    /** Nobody makes, deletes or binds the default exchange. */
    private boolean isDefault(String exchange, int methodId) {
        if (exchange.isEmpty()) {
            channel.fail(ReplyCode.ACCESS_REFUSED, "operation not permitted on the default exchange", methodId);
        }
        return exchange.isEmpty();
    }
}
