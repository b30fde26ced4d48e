/** Topics, queues, cursors, exchanges and limits over the log, and the Java API that embeds them in an application. */
@NullMarked
package dev.sluice.broker;

import org.jspecify.annotations.NullMarked;
