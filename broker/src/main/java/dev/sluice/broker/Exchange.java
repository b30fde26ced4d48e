package dev.sluice.broker;

/** One exchange of a shard's routing table. Confined to its shard. */
final class Exchange {
    final ExchangeSpec spec;
    final Matcher matcher;
    /** Number of the routing that visited it last: an exchange is visited once per message, which also ends cycles. */
    long visited;

    Exchange(ExchangeSpec spec) {
        this.spec = spec;
        this.matcher = Matcher.of(spec.type());
    }
}
