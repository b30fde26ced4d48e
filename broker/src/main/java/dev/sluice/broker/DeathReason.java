package dev.sluice.broker;

/** Why a record left its queue without having been processed. */
public enum DeathReason {
    /** A consumer did not want it. */
    REJECTED(0, "rejected"),
    /** It waited too long. */
    EXPIRED(1, "expired"),
    /** The queue was at its length limit. */
    LENGTH_LIMIT(2, "maxlen"),
    /** It was delivered too often. */
    DELIVERY_LIMIT(3, "delivery_limit");

    private final int code;
    private final String word;

    DeathReason(int code, String word) {
        this.code = code;
        this.word = word;
    }

    /** What is stored. */
    int code() {
        return code;
    }

    static DeathReason of(int code) {
        for (DeathReason reason : values()) {
            if (reason.code == code) {
                return reason;
            }
        }
        throw new IllegalArgumentException("no reason for a death has the code " + code);
    }

    /** What users read: RabbitMQ's words. */
    public String word() {
        return word;
    }
}
