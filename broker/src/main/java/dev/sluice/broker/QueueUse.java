package dev.sluice.broker;

/**
 * How much of one limit of a queue is used. Immutable.
 *
 * @param used in the unit of the kind
 * @param most the limit
 */
record QueueUse(Kind kind, long used, long most) {
    /** What is limited. */
    enum Kind {
        MESSAGES,
        BYTES,
        /** Milliseconds for which the oldest waits. */
        AGE
    }

    /** For people. */
    String text() {
        return switch (kind) {
            case MESSAGES -> "it holds " + used + " of " + most + " messages";
            case BYTES -> "its messages have " + Amounts.bytes(used) + " of " + Amounts.bytes(most);
            case AGE -> "its oldest message waits for " + used + " of " + most + " ms";
        };
    }
}
