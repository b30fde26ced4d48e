/** Kafka's protocol: it translates between Kafka's requests and the topics of the broker. */
@NullMarked
package dev.sluice.kafka;

import org.jspecify.annotations.NullMarked;
