/** The AMQP 0-9-1 gateway: a codec and a session that translate between AMQP clients and the broker. */
@NullMarked
package dev.sluice.amqp;

import org.jspecify.annotations.NullMarked;
