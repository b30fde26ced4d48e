package dev.sluice.broker;

/** How an exchange picks the bindings that a message follows. */
public enum ExchangeType {
    /** Bindings whose key equals the routing key. */
    DIRECT,
    /** All bindings. */
    FANOUT,
    /** Bindings whose pattern of words matches; {@code *} is one word, {@code #} any number of words. */
    TOPIC,
    /** Bindings whose arguments match the message's headers. */
    HEADERS
}
