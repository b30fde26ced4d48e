/** The record batch codec, the partition log and the stores under it: everything that is durable on one node. */
@NullMarked
package dev.sluice.log;

import org.jspecify.annotations.NullMarked;
