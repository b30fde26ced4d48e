package dev.sluice.broker;

/** The broker refused what was asked. Immutable. */
public final class BrokerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Refusal refusal;

    BrokerException(Refusal refusal) {
        super(refusal.text());
        this.refusal = refusal;
    }

    public Refusal refusal() {
        return refusal;
    }
}
