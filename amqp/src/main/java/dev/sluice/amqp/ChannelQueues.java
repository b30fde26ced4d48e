package dev.sluice.amqp;

import dev.sluice.amqp.Argument.Parsed;
import dev.sluice.broker.Binding;
import dev.sluice.broker.Binding.Destination;
import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.QueueSettings;
import dev.sluice.broker.QueueSpec;
import dev.sluice.broker.QueueStatus;
import dev.sluice.broker.Refusal;
import org.jspecify.annotations.Nullable;

/** The queue methods of a channel. Confined to the connection's shard. */
final class ChannelQueues {
    private static final String NAME_PREFIX = "amq.gen-";

    private final AmqpChannel channel;
    private final BrokerShard broker;
    /** The queue that the channel declared last, which an empty name stands for. */
    private String last = "";

    ChannelQueues(AmqpChannel channel, BrokerShard broker) {
        this.channel = channel;
        this.broker = broker;
    }

    void handle(QueueMethod method) {
        switch (method) {
            case QueueMethod.Declare declare -> declare(declare);
            case QueueMethod.Bind bind -> bind(bind);
            case QueueMethod.Purge purge -> purge(purge);
            case QueueMethod.Delete delete -> delete(delete);
            case QueueMethod.Unbind unbind -> unbind(unbind);
            case QueueMethod.DeclareOk reply -> channel.unexpectedReply(reply);
            case QueueMethod.BindOk reply -> channel.unexpectedReply(reply);
            case QueueMethod.PurgeOk reply -> channel.unexpectedReply(reply);
            case QueueMethod.DeleteOk reply -> channel.unexpectedReply(reply);
            case QueueMethod.UnbindOk reply -> channel.unexpectedReply(reply);
        }
    }

    /** The queue meant by a name that may be empty; null when there is none, and the channel has failed. */
    @Nullable
    String orLast(String name, int methodId) {
        if (name.isEmpty() && last.isEmpty()) {
            channel.fail(ReplyCode.NOT_FOUND, "no previously declared queue", methodId);
            return null;
        }
        return name.isEmpty() ? last : name;
    }

    private void declare(QueueMethod.Declare declare) {
        if (declare.passive()) {
            String name = orLast(declare.queue(), declare.id());
            if (name != null) {
                broker.checkQueue(
                        name,
                        channel.connectionId(),
                        channel.awaiting(declare.id(), status -> declared(declare, status)));
            }
            return;
        }
        String name = declare.queue().isEmpty() ? RandomNames.next(NAME_PREFIX) : declare.queue();
        switch (QueueArguments.parse(name, declare.arguments())) {
            case Parsed.Invalid<QueueSettings>(ReplyCode code, String explanation) ->
                channel.fail(code, explanation, declare.id());
            case Parsed.Understood<QueueSettings>(QueueSettings settings) -> declare(declare, name, settings);
        }
    }

    private void declare(QueueMethod.Declare declare, String name, QueueSettings settings) {
        var spec = new QueueSpec(name, declare.durable(), declare.exclusive(), declare.autoDelete(), settings);
        Runnable create = () -> broker.declareQueue(
                spec, channel.connectionId(), channel.awaiting(declare.id(), status -> declared(declare, status)));
        if (declare.queue().startsWith(ChannelExchanges.RESERVED_PREFIX)) {
            // One that is there may be declared again, a new one may not be made.
            broker.checkQueue(
                    name,
                    channel.connectionId(),
                    channel.awaiting(found -> create.run(), refusal -> refuseReserved(refusal, declare)));
        } else {
            create.run();
        }
    }

    private void refuseReserved(Refusal refusal, QueueMethod.Declare declare) {
        if (refusal.reason() == Refusal.Reason.QUEUE_NOT_FOUND) {
            String explanation = "queue name '" + declare.queue() + "' contains reserved prefix 'amq.*'";
            channel.fail(ReplyCode.ACCESS_REFUSED, explanation, declare.id());
        } else {
            channel.fail(refusal, declare.id());
        }
    }

    private void declared(QueueMethod.Declare declare, QueueStatus status) {
        last = status.name();
        channel.reply(
                declare.noWait(),
                new QueueMethod.DeclareOk(status.name(), status.readyCount(), status.consumerCount()));
    }

    private void bind(QueueMethod.Bind bind) {
        Binding binding = binding(bind.queue(), bind.exchange(), bind.routingKey(), bind.arguments(), bind.id());
        if (binding != null) {
            broker.bind(
                    binding,
                    channel.connectionId(),
                    channel.awaiting(bind.id(), isNew -> channel.reply(bind.noWait(), new QueueMethod.BindOk())));
        }
    }

    private void unbind(QueueMethod.Unbind unbind) {
        Binding binding =
                binding(unbind.queue(), unbind.exchange(), unbind.routingKey(), unbind.arguments(), unbind.id());
        if (binding != null) {
            broker.unbind(
                    binding,
                    channel.connectionId(),
                    channel.awaiting(unbind.id(), wasThere -> channel.send(new QueueMethod.UnbindOk())));
        }
    }

    private @Nullable Binding binding(
            String givenQueue, String exchange, String givenKey, FieldTable arguments, int methodId) {
        String queue = orLast(givenQueue, methodId);
        if (queue == null) {
            return null;
        }
        if (exchange.isEmpty()) {
            channel.fail(ReplyCode.ACCESS_REFUSED, "operation not permitted on the default exchange", methodId);
            return null;
        }
        // Queue and key both left out: the key is the name of the queue.
        String key = givenQueue.isEmpty() && givenKey.isEmpty() ? queue : givenKey;
        return new Binding(exchange, new Destination.ToQueue(queue), key, PlainArguments.of(arguments));
    }

    private void purge(QueueMethod.Purge purge) {
        String queue = orLast(purge.queue(), purge.id());
        if (queue != null) {
            broker.purgeQueue(
                    queue,
                    channel.connectionId(),
                    channel.awaiting(
                            purge.id(), count -> channel.reply(purge.noWait(), new QueueMethod.PurgeOk(count))));
        }
    }

    /** Deleting what is not there is no error. */
    private void delete(QueueMethod.Delete delete) {
        String queue = orLast(delete.queue(), delete.id());
        if (queue == null) {
            return;
        }
        broker.deleteQueue(
                queue,
                delete.ifUnused(),
                delete.ifEmpty(),
                channel.connectionId(),
                channel.awaiting(count -> deleted(delete, count), refusal -> {
                    if (refusal.reason() == Refusal.Reason.QUEUE_NOT_FOUND) {
                        deleted(delete, 0);
                    } else {
                        channel.fail(refusal, delete.id());
                    }
                }));
    }

    private void deleted(QueueMethod.Delete delete, long count) {
        channel.reply(delete.noWait(), new QueueMethod.DeleteOk(count));
    }
}
