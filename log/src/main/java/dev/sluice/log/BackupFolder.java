package dev.sluice.log;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/** Backups as folders. Stateless; blocks. */
public final class BackupFolder {
    private static final String UNFINISHED_SUFFIX = ".unfinished";

    private BackupFolder() {}

    /**
     * A disk for a new backup.
     *
     * @throws StorageException if the folder exists and is not empty (BUSY), or cannot be made (UNAVAILABLE)
     */
    public static Disk open(Path folder) {
        try {
            requireEmpty(folder);
            return FileDisk.withoutDirectIo(folder);
        } catch (IOException failure) {
            throw cannot("a backup cannot be written to " + folder, failure);
        }
    }

    /**
     * Makes a data folder of a backup, and compares every checksum. The folder appears under its name when it is complete.
     *
     * @throws StorageException if the folder exists and is not empty (BUSY), the backup is damaged (CORRUPT), or a file cannot be read or
     *     written (UNAVAILABLE)
     */
    public static BackupSummary restore(Path backup, Path folder) {
        Path absolute = folder.toAbsolutePath();
        Path unfinished = absolute.resolveSibling(absolute.getFileName() + UNFINISHED_SUFFIX);
        try {
            requireEmpty(absolute);
            requireEmpty(unfinished);
            BackupSummary summary = restore(FileDisk.unchanged(backup), FileDisk.withoutDirectIo(unfinished));
            Files.deleteIfExists(absolute);
            Files.move(unfinished, absolute, StandardCopyOption.ATOMIC_MOVE);
            return summary;
        } catch (IOException failure) {
            throw cannot("the backup " + backup + " cannot be restored to " + folder, failure);
        }
    }

    /** Copies what the manifest lists; the target is empty. */
    static BackupSummary restore(Disk backup, Disk target) throws IOException {
        BackupManifest manifest = BackupManifest.read(backup);
        target.createFolder(JournalSpace.FOLDER);
        target.createFolder(SegmentRef.FOLDER);
        FileCopy copy = new FileCopy(backup, target);
        List<BackupManifest.Item> copied = new ArrayList<>();
        for (BackupManifest.Item item : manifest.items()) {
            requireInside(backup, item.name());
            BackupManifest.Item found = copy.copy(item.name(), item.bytes());
            if (!found.equals(item)) {
                throw BackupManifest.corrupt(
                        backup,
                        "its file " + item.name() + " has SHA-256 " + found.sha256() + " instead of " + item.sha256());
            }
            copied.add(found);
        }
        return new BackupManifest(List.copyOf(copied)).summary();
    }

    private static void requireInside(Disk backup, String name) {
        boolean isKnown = name.equals(LocalMetadataStore.FILE)
                || name.matches("(" + JournalSpace.FOLDER + "|" + SegmentRef.FOLDER + ")/[0-9a-f]+");
        if (!isKnown) {
            throw BackupManifest.corrupt(backup, "it lists the file " + name + ", which no data folder has");
        }
    }

    private static void requireEmpty(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
            if (entries.iterator().hasNext()) {
                throw new StorageException(
                        StorageException.Kind.BUSY,
                        folder + " is not empty; a backup goes to a new or an empty folder");
            }
        }
    }

    private static StorageException cannot(String what, IOException failure) {
        return new StorageException(StorageException.Kind.UNAVAILABLE, what + ": " + failure.getMessage(), failure);
    }
}
