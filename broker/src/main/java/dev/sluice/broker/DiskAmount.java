package dev.sluice.broker;

/** How much of a disk. Immutable. */
public sealed interface DiskAmount {
    /** So many bytes. */
    record Bytes(long bytes) implements DiskAmount {}

    /** So many hundredths of the disk. */
    record Percent(int percent) implements DiskAmount {}

    /** What suits the disk. */
    enum Auto implements DiskAmount {
        AUTO
    }

    /** In bytes. */
    default long of(long diskBytes, long auto) {
        return switch (this) {
            case Bytes(long bytes) -> bytes;
            case Percent(int percent) -> diskBytes / 100 * percent;
            case Auto _ -> auto;
        };
    }
}
