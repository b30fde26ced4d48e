package dev.sluice.broker;

/** What became of a request. Immutable. */
public sealed interface Outcome<T> {
    /** It was done. */
    record Done<T>(T value) implements Outcome<T> {}

    /** It was not, and nothing changed. */
    record Refused<T>(Refusal refusal) implements Outcome<T> {}

    static <T> Outcome<T> done(T value) {
        return new Done<>(value);
    }

    static <T> Outcome<T> refused(Refusal.Reason reason, String subject) {
        return new Refused<>(new Refusal(reason, subject));
    }

    static <T> Outcome<T> refused(Refusal.Reason reason, String subject, String detail) {
        return new Refused<>(new Refusal(reason, subject, detail));
    }

    /** Receives an outcome, on the shard that asked. */
    @FunctionalInterface
    interface Reply<T> {
        void on(Outcome<T> outcome);
    }
}
