package dev.sluice.amqp;

import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.ConfirmWhen;
import dev.sluice.broker.Gate;
import dev.sluice.broker.RecordAttributes;
import dev.sluice.broker.Refusal;
import dev.sluice.broker.Route;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The publishing half of a channel: puts method, content header and body together, finds the route and hands the message to the broker. What is the same as for the message before is used again:
 * the route, and the headers section of the record. Confined to the connection's shard.
 */
final class ChannelPublisher {
    private static final int SECTION_KEPT_BYTES = 16 * 1024;
    /** Named as the queue to answer to by clients that want the server's short cut for replies. */
    private static final String DIRECT_REPLY_TO = "amq.rabbitmq.reply-to";

    private final AmqpChannel channel;
    private final BrokerShard broker;
    private final MessageAssembler assembler;
    private final OutgoingContent returned = new OutgoingContent();
    private final ContentSequence sequence = new ContentSequence();
    private @Nullable ChannelConfirms confirms;
    private @Nullable ChannelTransaction transaction;

    private byte[] route = {};
    private String exchange = "";
    private String routingKey = "";
    private boolean mandatory;
    private @Nullable Route queues;
    private long queuesVersion;
    private PublishBrake.Queues waitFor = PublishBrake.Queues.NONE;

    /** The headers section for the properties in {@link #sectionProperties} and, if {@link #sectionHasRoute}, for {@link #route}. */
    private ByteBuf section = Unpooled.EMPTY_BUFFER;

    private ByteBuf sectionProperties = Unpooled.EMPTY_BUFFER;
    private boolean sectionHasRoute;
    private boolean sectionDelayed;
    private RecordAttributes attributes = RecordAttributes.NONE;
    /** What a header says that the key is. */
    private byte @Nullable [] headerKey;

    private boolean persistent;

    ChannelPublisher(AmqpChannel channel, BrokerShard broker, MessageAssembler assembler) {
        this.channel = channel;
        this.broker = broker;
        this.assembler = assembler;
    }

    /** Whether a method may come now, rather than the rest of a message; if not, it is refused. */
    boolean mayTakeMethod() {
        return isInSequence(sequence.method(channel.number()));
    }

    /** From now on every publish is confirmed. */
    void confirm() {
        if (confirms == null) {
            confirms = new ChannelConfirms(channel::reportConfirmsLater);
        }
    }

    boolean isConfirming() {
        return confirms != null;
    }

    /** From now on every publish is part of a transaction. */
    void transact(ChannelTransaction ofChannel) {
        transaction = ofChannel;
    }

    void reportConfirms(ChannelConfirms.Report report) {
        if (confirms != null) {
            confirms.report(report);
        }
    }

    void publish(PublishFrame frame) {
        if (!isInSequence(sequence.publish(channel.number()))) {
            return;
        }
        if (frame.immediate()) {
            channel.fail(ReplyCode.NOT_IMPLEMENTED, "immediate=true", BasicMethod.Publish.ID);
            return;
        }
        if (!frame.hasRoute(route)) {
            route = frame.copyRoute();
            exchange = frame.exchange();
            routingKey = frame.routingKey();
            queues = null;
            sectionHasRoute = false;
        }
        mandatory = frame.mandatory();
        foreseeQueues();
    }

    /** Where the message goes whose publish came last, as far as publishers may have to wait there. Where that depends on its headers, which come next, it is where the last one with the same key went. */
    PublishBrake.Queues waitFor() {
        return waitFor;
    }

    private void foreseeQueues() {
        if (queues == null || (queues.isCacheable() && queuesVersion != broker.topologyVersion())) {
            Route found = broker.routeByKey(exchange, routingKey);
            waitFor = PublishBrake.Queues.NONE;
            if (found != null && found.isCacheable()) {
                use(found);
            }
        }
    }

    private void use(Route found) {
        queues = found;
        queuesVersion = broker.topologyVersion();
        waitFor = found.hasGates() ? new Destination(found) : PublishBrake.Queues.NONE;
    }

    /** The queues of a route, for who waits. */
    private record Destination(Route route) implements PublishBrake.Queues {
        @Override
        public @Nullable Gate stopped() {
            return route.stopped();
        }

        @Override
        public long waitMs() {
            return TimeUnit.NANOSECONDS.toMillis(route.waitNs(System.nanoTime()));
        }
    }

    void header(ContentHeader header) {
        if (!isInSequence(sequence.header(channel.number(), header.bodySize()))) {
            return;
        }
        ContentProperties properties = header.properties();
        if (isRefused(properties) || isTooLarge(header.bodySize())) {
            return;
        }
        Route found = findQueues(properties);
        Refusal refusal = found.refusal();
        if (refusal != null) {
            channel.fail(refusal, BasicMethod.Publish.ID);
            return;
        }
        prepareSection(properties, found.isDelayed());
        if (header.bodySize() == 0) {
            complete(found, Unpooled.EMPTY_BUFFER);
        } else {
            assembler.begin(header.bodySize());
        }
    }

    void body(ByteBuf in, int index, int length) {
        if (!isInSequence(sequence.body(channel.number(), length))) {
            return;
        }
        Route found = Objects.requireNonNull(queues);
        if (assembler.isWhole(length)) {
            completeInPlace(found, in, index, length);
            return;
        }
        if (!assembler.add(in, index, length)) {
            channel.fail(
                    ReplyCode.RESOURCE_ERROR,
                    "unfinished messages take all the memory they may; publish fewer large ones at a time",
                    BasicMethod.Publish.ID);
            return;
        }
        if (sequence.isComplete()) {
            ByteBuf body = assembler.take();
            complete(found, body);
            body.release();
        }
    }

    /** Shows the broker a part of the input without making an object for it. */
    private void completeInPlace(Route found, ByteBuf in, int index, int length) {
        int readerIndex = in.readerIndex();
        int writerIndex = in.writerIndex();
        in.setIndex(index, index + length);
        complete(found, in);
        in.setIndex(readerIndex, writerIndex);
    }

    private void complete(Route found, ByteBuf body) {
        if (mandatory && found.isEmpty()) {
            returnUnroutable(body);
        }
        if (transaction == null) {
            publish(found, body);
        } else if (!found.isEmpty()) {
            transaction.publish(found, attributes, key(found), body, section);
        }
        channel.published(body.readableBytes());
    }

    private void publish(Route found, ByteBuf body) {
        ChannelConfirms waiting = confirms;
        if (waiting == null) {
            broker.publish(found, attributes, key(found), body, section, ConfirmWhen.TAKEN, null, 0);
        } else {
            // What is not persistent need not survive, so it does not wait for the disk.
            ConfirmWhen confirm = persistent ? ConfirmWhen.STORED : ConfirmWhen.TAKEN;
            long sequence = waiting.begin(found.queueCount());
            broker.publish(found, attributes, key(found), body, section, confirm, waiting, sequence);
        }
    }

    /** In a topic the key of a message is what its header says, or else its routing key, unless that is only the topic's name. */
    private @Nullable ByteBuf key(Route found) {
        if (found.leadsToTopic() && headerKey != null) {
            return Unpooled.wrappedBuffer(headerKey);
        }
        if (!found.leadsToTopic() || exchange.isEmpty() || routingKey.isEmpty()) {
            return null;
        }
        int start = 1 + Byte.toUnsignedInt(route[0]) + 1;
        return Unpooled.wrappedBuffer(route, start, route.length - start);
    }

    private void returnUnroutable(ByteBuf body) {
        if (transaction != null) {
            transaction.returnLater(new ReturnedMessage(route, sectionProperties, body));
            return;
        }
        ByteBuf bytes = sectionProperties;
        returned.route(Unpooled.wrappedBuffer(route), 0, route.length)
                .properties(bytes, 0, bytes.writerIndex())
                .body(body, body.readerIndex(), body.readableBytes());
        channel.returned(returned);
    }

    private Route findQueues(ContentProperties properties) {
        Route known = queues;
        if (known != null && known.isCacheable() && queuesVersion == broker.topologyVersion()) {
            return known;
        }
        FieldTable table = properties.headers();
        Route found = broker.route(exchange, routingKey, table.isEmpty() ? null : () -> PlainArguments.of(table));
        use(found);
        return found;
    }

    private void prepareSection(ContentProperties properties, boolean delayed) {
        persistent = properties.isPersistent();
        int length = properties.length();
        boolean same = sectionHasRoute
                && sectionDelayed == delayed
                && sectionProperties.writerIndex() == length
                && ByteBufUtil.equals(sectionProperties, 0, properties.buffer(), properties.index(), length);
        if (same) {
            return;
        }
        if (section.capacity() == 0 || section.capacity() > SECTION_KEPT_BYTES) {
            release();
            section = Unpooled.buffer();
            sectionProperties = Unpooled.buffer();
        }
        sectionHasRoute = true;
        sectionDelayed = delayed;
        attributes = StoredMessage.attributes(properties, delayed);
        headerKey = StoredMessage.key(properties);
        sectionProperties.clear().writeBytes(properties.buffer(), properties.index(), length);
        StoredMessage.writeHeaders(section.clear(), attributes, route, properties);
    }

    private boolean isRefused(ContentProperties properties) {
        if (properties.has(Property.USER_ID)) {
            String claimed = properties.text(Property.USER_ID);
            if (!channel.user().equals(claimed)) {
                channel.fail(
                        ReplyCode.PRECONDITION_FAILED,
                        "user_id property set to '" + claimed + "' but authenticated user was '" + channel.user() + "'",
                        BasicMethod.Publish.ID);
                return true;
            }
        }
        if (properties.has(Property.EXPIRATION)) {
            String expiration = Objects.requireNonNull(properties.text(Property.EXPIRATION));
            String problem = Expiration.problemOf(expiration);
            if (problem != null) {
                channel.fail(
                        ReplyCode.PRECONDITION_FAILED,
                        "invalid expiration '" + expiration + "': " + problem,
                        BasicMethod.Publish.ID);
                return true;
            }
        }
        if (properties.has(Property.REPLY_TO) && DIRECT_REPLY_TO.equals(properties.text(Property.REPLY_TO))) {
            channel.fail(
                    ReplyCode.NOT_IMPLEMENTED, "direct reply-to (" + DIRECT_REPLY_TO + ")", BasicMethod.Publish.ID);
            return true;
        }
        return false;
    }

    private boolean isTooLarge(int bytes) {
        int max = channel.maxMessageBytes();
        if (bytes > max) {
            channel.fail(
                    ReplyCode.PRECONDITION_FAILED,
                    "message size " + bytes + " is larger than configured max size " + max,
                    BasicMethod.Publish.ID);
        }
        return bytes > max;
    }

    private boolean isInSequence(@Nullable Violation violation) {
        if (violation instanceof Violation.Refused refused) {
            channel.fail(refused.code(), refused.explanation(), refused.classId() << 16 | refused.methodId());
        }
        return violation == null;
    }

    /** Nothing more is published here. */
    void close() {
        assembler.release();
        release();
        section = Unpooled.EMPTY_BUFFER;
        sectionProperties = Unpooled.EMPTY_BUFFER;
    }

    private void release() {
        section.release();
        sectionProperties.release();
    }
}
