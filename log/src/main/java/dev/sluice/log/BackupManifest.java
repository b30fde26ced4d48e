package dev.sluice.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * The list of the files of a backup, which is its last file: without it a backup is not complete. Immutable.
 *
 * <pre>
 * sluice backup 1
 * SHA-256 of the lines that follow
 * then one line for each file: SHA-256, bytes, name
 * </pre>
 */
record BackupManifest(List<Item> items) {
    static final String FILE = "backup";
    private static final String HEADING = "sluice backup 1";
    private static final int MAX_BYTES = 256 << 20;

    /** One file with its checksum in hexadecimal. */
    record Item(String name, long bytes, String sha256) {
        private static final int FIELDS = 3;

        String line() {
            return sha256 + ' ' + bytes + ' ' + name;
        }

        static Item parse(String line) {
            String[] fields = line.split(" ", FIELDS);
            return new Item(fields[2], Long.parseLong(fields[1]), fields[0]);
        }
    }

    BackupSummary summary() {
        long bytes = items.stream().mapToLong(Item::bytes).sum();
        return new BackupSummary(items.size(), bytes, checksum());
    }

    private String checksum() {
        MessageDigest digest = sha256();
        items.forEach(item -> digest.update((item.line() + '\n').getBytes(StandardCharsets.UTF_8)));
        return HexFormat.of().formatHex(digest.digest());
    }

    void write(Disk disk) throws IOException {
        StringBuilder text = new StringBuilder(HEADING + '\n' + checksum() + '\n');
        items.forEach(item -> text.append(item.line()).append('\n'));
        disk.create(FILE, 0);
        try (DiskFile file = disk.open(FILE, Disk.Layout.STREAM, Disk.Writes.FORCED)) {
            byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
            file.write(0, ByteBuffer.allocateDirect(bytes.length).put(bytes).flip());
            file.force();
        }
    }

    /** @throws StorageException of kind CORRUPT if there is none, or it is not what was written */
    static BackupManifest read(Disk disk) throws IOException {
        if (!disk.exists(FILE)) {
            throw corrupt(disk, "it has no file " + FILE + ": it is no backup, or one that was not finished");
        }
        List<String> lines;
        try (DiskFile file = disk.open(FILE, Disk.Layout.STREAM, Disk.Writes.FORCED)) {
            ByteBuffer content = ByteBuffer.allocate((int) Math.min(MAX_BYTES, file.size()));
            file.read(0, content);
            lines = StandardCharsets.UTF_8
                    .decode(content.flip())
                    .toString()
                    .lines()
                    .toList();
        }
        if (lines.size() < 2 || !lines.getFirst().equals(HEADING)) {
            throw corrupt(
                    disk,
                    "its file " + FILE + " does not begin with '" + HEADING
                            + "': it is damaged, or was written by a newer release");
        }
        List<Item> items = new ArrayList<>();
        try {
            lines.stream().skip(2).map(Item::parse).forEach(items::add);
        } catch (RuntimeException damaged) {
            throw corrupt(disk, "its file " + FILE + " has a line that is not a checksum, a size and a name");
        }
        BackupManifest manifest = new BackupManifest(List.copyOf(items));
        if (!manifest.checksum().equals(lines.get(1))) {
            throw corrupt(disk, "its file " + FILE + " is damaged");
        }
        return manifest;
    }

    static StorageException corrupt(Disk disk, String what) {
        return new StorageException(
                StorageException.Kind.CORRUPT, "the backup " + disk.describe() + " cannot be used: " + what);
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every JDK has SHA-256", impossible);
        }
    }
}
