package dev.sluice.broker;

/** Where publishers of one shard wait until they may go on. Confined to that shard. */
public interface Gate {
    /** Whether publishers should wait until they are called. */
    boolean isStopped();

    /** Why, for people; to be asked while {@link #isStopped}. */
    String reason();

    /** Runs {@code action} on this shard, once, when its publisher may go on. The publisher counts as blocked until then, or until it {@linkplain #forget gives up}. */
    void whenOpen(Runnable action);

    /** The publisher that gave this action does not wait any more. */
    void forget(Runnable action);
}
