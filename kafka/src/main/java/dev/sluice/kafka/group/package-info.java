/** Kafka's own group coordinator over a topic of the broker: what it writes goes through our log, what it does runs on our shards. */
@NullMarked
package dev.sluice.kafka.group;

import org.jspecify.annotations.NullMarked;
