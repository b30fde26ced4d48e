package dev.sluice.log;

/**
 * How a log is kept; given at each opening. Immutable.
 *
 * @param durability when a record counts as stored
 * @param isState whether it is for what the user of the storage must remember to let go of other logs' records, such as
 *     acknowledgements. Nobody waits for its appends, which share the device's next write for anybody else and have their own if there is
 *     none for a few milliseconds. On a full disk they go on, as the journal holds space in reserve for them
 * @param isKept whether its records stay though they have been read: they will be written to segments in any case, so that memory is needed
 *     only for readers that are near the end
 */
public record LogSettings(Durability durability, boolean isState, boolean isKept) {
    /** Every record is durable before it counts. */
    public static final LogSettings DEFAULT = new LogSettings(Durability.SYNC, false, false);

    public static final LogSettings STATE = new LogSettings(Durability.SYNC, true, false);

    public LogSettings withDurability(Durability wanted) {
        return new LogSettings(wanted, isState, isKept);
    }

    public LogSettings kept() {
        return new LogSettings(durability, isState, true);
    }
}
