package dev.sluice.amqp;

import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.Outcome;
import dev.sluice.broker.Refusal;
import io.netty.buffer.ByteBuf;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One channel of a connection, from open to close: takes each method to whom it concerns, and carries the answers back. Confined to the connection's shard. */
final class AmqpChannel {
    private final AmqpConnection connection;
    private final int number;
    private final BrokerShard broker;
    private final ChannelPublisher publisher;
    private final ChannelConsumers consumers;
    private final ChannelExchanges exchanges;
    private final ChannelQueues queues;
    private @Nullable ChannelTransaction transaction;
    private boolean open = true;

    AmqpChannel(AmqpConnection connection, int number, BrokerShard broker) {
        this.connection = connection;
        this.number = number;
        this.broker = broker;
        this.publisher = new ChannelPublisher(this, broker, connection.newAssembler());
        this.consumers = new ChannelConsumers(this, broker, connection.out(), connection.deliveries());
        this.exchanges = new ChannelExchanges(this, broker);
        this.queues = new ChannelQueues(this, broker);
    }

    // Frames.

    void method(AmqpMethod method) {
        if (!open) {
            methodWhileClosing(method);
        } else if (publisher.mayTakeMethod()) {
            dispatch(method);
        }
    }

    private void dispatch(AmqpMethod method) {
        switch (method) {
            case BasicMethod basic -> basic(basic);
            case QueueMethod queue -> queues.handle(queue);
            case ExchangeMethod exchange -> exchanges.handle(exchange);
            case ChannelMethod channel -> channel(channel);
            case ConfirmMethod confirm -> confirm(confirm);
            case AccessMethod access -> access(access);
            case TxMethod tx -> tx(tx);
            case ConnectionMethod none -> fail(ReplyCode.COMMAND_INVALID, "unimplemented method", none.id());
        }
    }

    void publish(PublishFrame frame) {
        if (open) {
            publisher.publish(frame);
        }
    }

    void header(ContentHeader header) {
        if (open) {
            publisher.header(header);
        }
    }

    void body(ByteBuf in, int index, int length) {
        if (open) {
            publisher.body(in, index, length);
        }
    }

    void ack(long deliveryTag, boolean multiple) {
        if (open && publisher.mayTakeMethod()) {
            consumers.ack(deliveryTag, multiple);
        }
    }

    /** Between our channel.close and the client's channel.close-ok, what it sent before it knew is ignored. */
    private void methodWhileClosing(AmqpMethod method) {
        if (method instanceof ChannelMethod.CloseOk) {
            connection.forget(number);
        } else if (method instanceof ChannelMethod.Close) {
            send(new ChannelMethod.CloseOk());
        }
    }

    private void channel(ChannelMethod method) {
        switch (method) {
            case ChannelMethod.Open again -> fail(ReplyCode.CHANNEL_ERROR, "second 'channel.open' seen", again.id());
            case ChannelMethod.Close close -> {
                send(new ChannelMethod.CloseOk());
                close();
                connection.forget(number);
            }
            case ChannelMethod.Flow(boolean active) -> {
                consumers.flow(active);
                send(new ChannelMethod.FlowOk(active));
            }
            // The answer to a close that was overtaken by the client's own.
            case ChannelMethod.CloseOk late -> {}
            case ChannelMethod.OpenOk reply -> unexpectedReply(reply);
            case ChannelMethod.FlowOk reply -> unexpectedReply(reply);
        }
    }

    private void basic(BasicMethod method) {
        switch (method) {
            case BasicMethod.Qos qos -> consumers.qos(qos);
            case BasicMethod.Consume consume -> consumers.consume(consume);
            case BasicMethod.Cancel cancel -> consumers.cancel(cancel);
            case BasicMethod.Get get -> consumers.get(get);
            case BasicMethod.Ack(long tag, boolean multiple) -> consumers.ack(tag, multiple);
            case BasicMethod.Reject reject -> consumers.reject(reject);
            case BasicMethod.Nack nack -> consumers.nack(nack);
            case BasicMethod.RecoverAsync recover -> consumers.recover(recover.requeue(), recover.id());
            case BasicMethod.Recover recover -> {
                if (consumers.recover(recover.requeue(), recover.id())) {
                    send(new BasicMethod.RecoverOk());
                }
            }
            // The client's answer to a consumer cancelled by the broker; it was told not to answer.
            case BasicMethod.CancelOk notNeeded -> {}
            case BasicMethod.Publish reply -> unexpectedReply(reply);
            case BasicMethod.QosOk reply -> unexpectedReply(reply);
            case BasicMethod.ConsumeOk reply -> unexpectedReply(reply);
            case BasicMethod.Return reply -> unexpectedReply(reply);
            case BasicMethod.Deliver reply -> unexpectedReply(reply);
            case BasicMethod.GetOk reply -> unexpectedReply(reply);
            case BasicMethod.GetEmpty reply -> unexpectedReply(reply);
            case BasicMethod.RecoverOk reply -> unexpectedReply(reply);
        }
    }

    private void confirm(ConfirmMethod method) {
        switch (method) {
            case ConfirmMethod.Select(boolean noWait) -> {
                if (transaction != null) {
                    fail(ReplyCode.PRECONDITION_FAILED, "cannot switch from tx to confirm mode", method.id());
                    return;
                }
                publisher.confirm();
                reply(noWait, new ConfirmMethod.SelectOk());
            }
            case ConfirmMethod.SelectOk reply -> unexpectedReply(reply);
        }
    }

    private void tx(TxMethod method) {
        switch (method) {
            case TxMethod.Select select -> select(select.id());
            case TxMethod.Commit commit -> {
                if (transaction != null) {
                    transaction.commit();
                } else {
                    notTransactional(commit.id());
                }
            }
            case TxMethod.Rollback rollback -> {
                if (transaction != null) {
                    transaction.rollback();
                } else {
                    notTransactional(rollback.id());
                }
            }
            case TxMethod.SelectOk reply -> unexpectedReply(reply);
            case TxMethod.CommitOk reply -> unexpectedReply(reply);
            case TxMethod.RollbackOk reply -> unexpectedReply(reply);
        }
    }

    private void select(int methodId) {
        if (publisher.isConfirming()) {
            fail(ReplyCode.PRECONDITION_FAILED, "cannot switch from confirm to tx mode", methodId);
            return;
        }
        if (transaction == null) {
            var gathering = new ChannelTransaction(this, broker, consumers.unacked());
            publisher.transact(gathering);
            consumers.transact(gathering);
            transaction = gathering;
        }
        send(new TxMethod.SelectOk());
    }

    private void notTransactional(int methodId) {
        fail(ReplyCode.PRECONDITION_FAILED, "channel is not transactional", methodId);
    }

    /** Rights of AMQP 0-9, which clients may still ask for; everything is granted. */
    private void access(AccessMethod method) {
        switch (method) {
            case AccessMethod.Request request -> send(new AccessMethod.RequestOk(1));
            case AccessMethod.RequestOk reply -> unexpectedReply(reply);
        }
    }

    // What the parts of the channel use.

    int number() {
        return number;
    }

    boolean isOpen() {
        return open;
    }

    long connectionId() {
        return connection.id();
    }

    String user() {
        return connection.user();
    }

    int maxMessageBytes() {
        return connection.maxMessageBytes();
    }

    @Nullable
    String queueOrLast(String name, int methodId) {
        return queues.orLast(name, methodId);
    }

    void send(AmqpMethod method) {
        connection.send(number, method);
    }

    /** Answers a request, unless the client said that it does not wait. */
    void reply(boolean noWait, AmqpMethod method) {
        if (!noWait) {
            send(method);
        }
    }

    /** Where the publish goes that came last. */
    PublishBrake.Queues waitFor() {
        return publisher.waitFor();
    }

    /** A message with a body of so many bytes was handed to the broker. */
    void published(int bodyBytes) {
        connection.brake().published(bodyBytes);
    }

    /** Whether acknowledgements may come, or are owed. */
    boolean consumes() {
        return consumers.isActive();
    }

    void returned(OutgoingContent content) {
        connection.frames().returned(connection.out().buffer(), number, ReplyCode.NO_ROUTE, content);
    }

    void consumerCancelled(String tag) {
        if (open && connection.wantsCancelNotify()) {
            send(new BasicMethod.Cancel(tag, true));
        }
    }

    void reportConfirmsLater() {
        if (open) {
            connection.out().beforeFlush(this::reportConfirms);
        }
    }

    private void reportConfirms() {
        if (!open) {
            return;
        }
        publisher.reportConfirms(new ChannelConfirms.Report() {
            @Override
            public void ack(long sequence, boolean multiple) {
                connection.frames().ack(connection.out().buffer(), number, sequence, multiple);
            }

            @Override
            public void nack(long sequence, boolean multiple) {
                connection.frames().nack(connection.out().buffer(), number, sequence, multiple);
            }
        });
    }

    /** Takes the broker's answer to a method; until then the connection takes no other frame, so that methods keep their order. */
    <T> Outcome.Reply<T> awaiting(int methodId, Consumer<T> done) {
        return awaiting(done, refusal -> fail(refusal, methodId));
    }

    /** As {@link #awaiting(int, Consumer)}; {@code orphaned} gets what the broker gives when the channel was closed meanwhile. */
    <T> Outcome.Reply<T> awaiting(int methodId, Consumer<T> orphaned, Consumer<T> done) {
        return awaiting(value -> (open ? done : orphaned).accept(value), refusal -> fail(refusal, methodId), true);
    }

    <T> Outcome.Reply<T> awaiting(Consumer<T> done, Consumer<Refusal> refused) {
        return awaiting(done, refused, false);
    }

    private <T> Outcome.Reply<T> awaiting(Consumer<T> done, Consumer<Refusal> refused, boolean evenIfClosed) {
        connection.hold();
        return outcome -> {
            switch (outcome) {
                case Outcome.Done<T>(T value) -> {
                    if (open || evenIfClosed) {
                        done.accept(value);
                    }
                }
                case Outcome.Refused<T>(Refusal refusal) -> {
                    if (open) {
                        refused.accept(refusal);
                    }
                }
            }
            connection.goOn();
        };
    }

    /** As {@link #awaiting(int, Consumer)} for what cannot be refused. */
    Runnable awaiting(Runnable done) {
        connection.hold();
        return () -> {
            if (open) {
                done.run();
            }
            connection.goOn();
        };
    }

    // Errors.

    /** A method that only a server sends. */
    void unexpectedReply(AmqpMethod method) {
        fail(ReplyCode.COMMAND_INVALID, "unimplemented method", method.id());
    }

    void fail(Refusal refusal, int methodId) {
        failHere(RefusalCodes.code(refusal), RefusalCodes.explanation(refusal), methodId);
    }

    /** Closes the channel, or the connection where the code is one that leaves no other way. What is merely not implemented does not harm the other channels. */
    void fail(ReplyCode code, String explanation, int methodId) {
        if (code.isHard() && code != ReplyCode.NOT_IMPLEMENTED) {
            connection.fail(code, explanation, methodId);
        } else {
            failHere(code, explanation, methodId);
        }
    }

    private void failHere(ReplyCode code, String explanation, int methodId) {
        if (open) {
            send(new ChannelMethod.Close(code.code(), code.text(explanation), methodId >>> 16, methodId & 0xFFFF));
            connection.logChannelError(number, code.text(explanation));
            close();
        }
    }

    /** Ends all that the channel does; says nothing to the client. */
    void close() {
        if (open) {
            open = false;
            consumers.close();
            publisher.close();
        }
    }
}
