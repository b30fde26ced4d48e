package dev.sluice.amqp;

import dev.sluice.broker.Consumer;

/** A delivery of a channel that its client has not settled for good. Immutable. */
record Unacked(long tag, Consumer consumer, long delivery) {}
