package dev.sluice.broker;

import dev.sluice.log.RecordCursor;

/** What the logs of ids say of one queue. Confined to who gathers it. */
final class Notes {
    private final IdNote.State ids = new IdNote.State();
    private final ProducerNote.State producers = new ProducerNote.State();

    /** Of its records. */
    IdNote.State ids() {
        return ids;
    }

    ProducerNote.State producers() {
        return producers;
    }

    Notes union(Notes other) {
        ids.union(other.ids);
        producers.union(other.producers);
        return this;
    }

    /** Adds a note, which is about the queue, to what is said before it in its log. */
    void add(RecordCursor note) {
        byte kind = NoteHeader.kind(note);
        switch (kind) {
            case IdNote.KIND -> IdNote.merge(note, ids);
            case ProducerNote.KIND -> ProducerNote.merge(note, producers);
            default ->
                throw new IllegalStateException("a note of ids of kind " + kind
                        + ", this release reads kinds " + IdNote.KIND + " and " + ProducerNote.KIND
                        + ": start the release that wrote this data folder");
        }
    }
}
