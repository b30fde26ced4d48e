package dev.sluice.log;

/**
 * What recovery does with a journal frame: the whole rule. Since one write is in flight at a time, a frame that a later one
 * follows was durable, and so was the last one if the storage ended cleanly, or has opened with it since.
 *
 * <pre>
 *   head    batches   was durable   verdict
 *   sound   sound     either        KEEP
 *   sound   damaged   yes           KEEP_SOUND_BATCHES: the logs of the others refuse to open
 *   sound   damaged   no            CUT_OFF: an unfinished write
 *   damaged unknown   yes           REFUSE_FOLDER: nobody knows whose batches were in it
 *   damaged unknown   no            CUT_OFF
 * </pre>
 */
enum RecoveryVerdict {
    KEEP,
    KEEP_SOUND_BATCHES,
    CUT_OFF,
    REFUSE_FOLDER;

    /** @param batchesSound of no meaning if the head is damaged */
    static RecoveryVerdict of(boolean headSound, boolean batchesSound, boolean wasDurable) {
        if (!headSound) {
            return wasDurable ? REFUSE_FOLDER : CUT_OFF;
        }
        if (batchesSound) {
            return KEEP;
        }
        return wasDurable ? KEEP_SOUND_BATCHES : CUT_OFF;
    }
}
