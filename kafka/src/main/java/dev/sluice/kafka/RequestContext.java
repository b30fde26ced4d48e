package dev.sluice.kafka;

import dev.sluice.broker.BrokerShard;
import dev.sluice.kafka.group.Caller;
import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One request on its way to its answer. Confined to its connection's shard. */
final class RequestContext {
    private static final Logger LOG = LoggerFactory.getLogger(RequestContext.class);

    private final KafkaConnection connection;
    private final RequestHeaderData header;
    private final ResponseQueue.Slot slot;

    RequestContext(KafkaConnection connection, RequestHeaderData header, ResponseQueue.Slot slot) {
        this.connection = connection;
        this.header = header;
        this.slot = slot;
    }

    short version() {
        return header.requestApiVersion();
    }

    /** Empty for a client without a name. */
    String clientId() {
        String id = header.clientId();
        return id == null ? "" : id;
    }

    BrokerShard broker() {
        return connection.broker();
    }

    /** Of the node, as this client has reached it. */
    InetSocketAddress localAddress() {
        return connection.localAddress();
    }

    /** Of the client. */
    InetSocketAddress remoteAddress() {
        return connection.remoteAddress();
    }

    FetchSessions fetchSessions() {
        return connection.fetchSessions();
    }

    /** What this client has published. */
    Throttle throttle() {
        return connection.throttle();
    }

    /** Takes no further request from this client for so long. */
    void mute(int ms) {
        connection.mute(ms);
    }

    /** Whether nobody waits for the answer any more. */
    boolean isOver() {
        return slot.isOver();
    }

    /** Runs {@code action} if the connection ends before the answer. */
    void whenOver(Runnable action) {
        slot.whenOver(action);
    }

    /** To be called once; the answer is sent after those to all earlier requests. */
    void answer(ApiMessage response) {
        List<ByteBuf> written;
        try {
            written = ResponseWriter.write(header, response);
        } catch (RuntimeException bug) {
            LOG.error("an answer to {} cannot be written in version {}", remoteAddress(), version(), bug);
            connection.hangUp("its answer cannot be written", bug);
            return;
        }
        slot.answer(written);
    }

    /** As {@link #answer}, when it is known what: on any thread. That it never is known is a bug. */
    <T> void answerLater(CompletableFuture<T> later, Function<T, ApiMessage> response) {
        var _ = later.handleAsync((known, bug) -> answer(known, bug, response), broker().shard());
    }

    private <T> boolean answer(@Nullable T known, @Nullable Throwable bug, Function<T, ApiMessage> response) {
        if (isOver()) {
            return false;
        }
        if (known == null) {
            hangUp("a request failed", bug);
        } else {
            answer(response.apply(known));
        }
        return true;
    }

    /** Who asks, as the coordinator of groups wants to know it. */
    Caller caller() {
        return new Caller(
                header.requestApiKey(), version(), clientId(), remoteAddress().getAddress());
    }

    /** The client does not want an answer. */
    void answerNothing() {
        slot.answer(null);
    }

    /** The client does not want an answer, and has to learn that something went wrong: its connection ends, after the answers to earlier requests. */
    void hangUpInTurn(String why) {
        slot.end(() -> connection.hangUp(why, null));
    }

    /** The client cannot be answered in its protocol: its connection ends. */
    void hangUp(String why, @Nullable Throwable cause) {
        connection.hangUp(why, cause);
    }
}
