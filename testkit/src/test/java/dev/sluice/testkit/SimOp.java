package dev.sluice.testkit;

import java.util.function.Consumer;

/**
 * Something that happens to a broker in a {@link BrokerSim}. Immutable. An operation picks what it is about at random, does nothing where there is no such thing, and tells the model.
 *
 * @param weight how often it happens, compared with the others
 */
record SimOp(String name, int weight, Consumer<BrokerSim> action) {}
