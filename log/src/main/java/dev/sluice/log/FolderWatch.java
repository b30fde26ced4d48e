package dev.sluice.log;

import java.nio.file.Path;

/**
 * Looks once a second whether the data folder is still where it was opened. Files that are open go on taking writes when their folder
 * has been removed, moved or replaced, and nobody would find again what is in them. Confined to one background task at a time.
 */
final class FolderWatch {
    private static final long INTERVAL_MS = 1_000;

    private final Path folder;
    private final FileDisk disk;
    private final StorageNode node;
    private boolean isGone;

    FolderWatch(Path folder, FileDisk disk, StorageNode node) {
        this.folder = folder.toAbsolutePath();
        this.disk = disk;
        this.node = node;
    }

    void begin() {
        node.threads().schedule(INTERVAL_MS, this::look);
    }

    private void look() {
        boolean isThere = disk.isThere();
        if (isThere == isGone) {
            isGone = !isThere;
            node.journal().suspend(isGone);
            if (isGone) {
                node.stalls()
                        .raise(
                                Stalls.Cause.FOLDER_GONE,
                                "the data folder " + folder + " was removed, moved or replaced while in use; put it"
                                        + " back, or stop this process and start it with the folder's new place");
            } else {
                node.stalls().clear(Stalls.Cause.FOLDER_GONE);
            }
        }
        begin();
    }
}
