package dev.sluice.testkit;

/** Confined to the thread of the simulation. What goes wrong on a {@link SimDisk}; 0 means never. */
public final class SimFaults {
    /** A write fails, having written any part. */
    public int writeFailsOneIn;
    /** A sync fails: what was not durable may never become so, though it can be read until the next crash. */
    public int forceFailsOneIn;
    /** A read fails. */
    public int readFailsOneIn;
    /** Creating, opening, renaming or deleting a file fails, having had no effect. */
    public int nameFailsOneIn;
    /** Files may take so many bytes in all. */
    public long capacityBytes = Long.MAX_VALUE;

    /** From now on all goes well. */
    public void clear() {
        writeFailsOneIn = 0;
        forceFailsOneIn = 0;
        readFailsOneIn = 0;
        nameFailsOneIn = 0;
        capacityBytes = Long.MAX_VALUE;
    }

    /** Whether anything can go wrong now. */
    public boolean isAny() {
        return writeFailsOneIn + forceFailsOneIn + readFailsOneIn + nameFailsOneIn > 0
                || capacityBytes != Long.MAX_VALUE;
    }
}
