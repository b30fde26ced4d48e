package dev.sluice.log;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Copies a storage in use to another disk, so that the copy is what a stop at that moment would have left. Used once; each step on a
 * thread of the storage.
 *
 * <p>First the beginning of the journal is made to stay. Then the metadata is taken, then the journal as it is after that: whatever the
 * metadata does not know to be in a segment is in that journal. Both are copied, and the journal goes on. Segments that the metadata
 * names do not change but at their end, and are not deleted until they are copied too.
 */
final class StorageBackup {
    private final StorageNode node;
    private final LocalMetadataStore metadata;
    private final Disk target;
    private final List<BackupManifest.Item> items = new ArrayList<>();

    StorageBackup(StorageNode node, LocalMetadataStore metadata, Disk target) {
        this.node = node;
        this.metadata = metadata;
        this.target = target;
    }

    CompletableFuture<BackupSummary> run() {
        node.deletes().hold();
        return node.journal()
                .freeze()
                .thenCompose(frozen -> metadata.snapshot())
                .thenCompose(taken -> node.journal()
                        .extract()
                        .thenApplyAsync(
                                journal -> copyJournalAndMetadata(journal, taken),
                                node.threads().background()))
                .whenComplete((chains, failure) -> node.journal().thaw())
                .thenApplyAsync(this::copySegments, node.threads().background())
                .whenComplete((summary, failure) -> node.deletes().release())
                .exceptionally(failure -> {
                    throw explain(failure);
                });
    }

    private List<SegmentChain> copyJournalAndMetadata(JournalExtract journal, List<List<MetadataFile.Change>> taken) {
        try {
            target.createFolder(JournalSpace.FOLDER);
            target.createFolder(SegmentRef.FOLDER);
            FileCopy copy = new FileCopy(node.disk(), target);
            for (JournalExtract.Part part : journal.parts()) {
                items.add(copy.copy(part.fileName(), part.bytes()));
            }
            List<SegmentChain> chains = new ArrayList<>();
            List<List<MetadataFile.Change>> groups = new ArrayList<>();
            for (List<MetadataFile.Change> group : taken) {
                groups.add(group.stream()
                        .map(change -> asStopped(change, journal.lastSequence()))
                        .toList());
                for (MetadataFile.Change change : group) {
                    LogId id = SegmentChain.logOf(change.key());
                    if (id != null && change.value() != null) {
                        chains.add(SegmentChain.decode(id, Objects.requireNonNull(change.value())));
                    }
                }
            }
            groups.add(List.of()); // the mark of a clean end
            items.add(writeMetadata(groups));
            return chains;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** Of the journal's state: as if that frame had been the last before a stop. */
    private static MetadataFile.Change asStopped(MetadataFile.Change change, long lastSequence) {
        byte[] value = change.value();
        if (value == null || !change.key().equals(JournalState.KEY)) {
            return change;
        }
        JournalState.Value state = JournalState.Value.decode(value);
        return new MetadataFile.Change(
                change.key(),
                change.version(),
                new JournalState.Value(state.salt(), state.starts(), state.beginAfter(), lastSequence).encode());
    }

    private BackupManifest.Item writeMetadata(List<List<MetadataFile.Change>> groups) throws IOException {
        long bytes = MetadataFile.write(target, LocalMetadataStore.FILE, MetadataFile.newSalt(), groups, 0);
        return new BackupManifest.Item(
                LocalMetadataStore.FILE, bytes, FileCopy.sha256(target, LocalMetadataStore.FILE));
    }

    private BackupSummary copySegments(List<SegmentChain> chains) {
        try {
            FileCopy copy = new FileCopy(node.disk(), target);
            for (SegmentChain chain : chains) {
                for (SegmentRef segment : chain.segments()) {
                    items.add(copy.copy(segment.fileName(), segment.bytes()));
                }
            }
            BackupManifest manifest = new BackupManifest(List.copyOf(items));
            manifest.write(target);
            return manifest.summary();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static StorageException explain(Throwable failure) {
        Throwable cause = failure instanceof CompletionException wrapped ? wrapped.getCause() : failure;
        if (cause instanceof StorageException known) {
            return known;
        }
        String why = cause instanceof UncheckedIOException io ? String.valueOf(io.getCause()) : String.valueOf(cause);
        return new StorageException(StorageException.Kind.UNAVAILABLE, "the backup could not be made: " + why, cause);
    }
}
