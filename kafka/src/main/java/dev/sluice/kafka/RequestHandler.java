package dev.sluice.kafka;

import org.apache.kafka.common.protocol.ApiMessage;

/** Answers one kind of request. Stateless, since all shards share it; what belongs to a connection is in the {@link RequestContext}. */
@FunctionalInterface
interface RequestHandler<Q extends ApiMessage> {
    /** Answers through the context, once, now or later; the request's buffers are valid only until this returns. */
    void handle(RequestContext context, Q request);
}
