package dev.sluice.broker;

/** One change of the routing table; {@link Topology#replay} is the only code that carries it out. Immutable. */
sealed interface TopologyChange {
    record ExchangeDeclared(ExchangeSpec spec) implements TopologyChange {}

    /** The exchange goes, with every binding from and to it. */
    record ExchangeDeleted(String name) implements TopologyChange {}

    record QueueDeclared(Queue queue) implements TopologyChange {}

    /** It has other settings, or more partitions: a route to it is to be looked up again. */
    record QueueChanged(String name) implements TopologyChange {}

    /** The queue goes, with every binding to it. */
    record QueueDeleted(String name) implements TopologyChange {}

    record Bound(Binding binding) implements TopologyChange {}

    record Unbound(Binding binding) implements TopologyChange {}
}
