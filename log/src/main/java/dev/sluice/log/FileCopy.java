package dev.sluice.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;

/** Copies files between disks. Confined to one thread; blocks. */
final class FileCopy {
    private static final int PIECE_BYTES = 1 << 20;

    private final Disk from;
    private final Disk to;
    private final ByteBuffer piece = ByteBuffer.allocateDirect(PIECE_BYTES);

    FileCopy(Disk from, Disk to) {
        this.from = from;
        this.to = to;
    }

    /**
     * Copies the beginning of a file; durable on return.
     *
     * @throws IOException also if the file is shorter
     */
    BackupManifest.Item copy(String name, long bytes) throws IOException {
        return copy(name, bytes, name);
    }

    /** As {@link #copy(String, long)}, under another name. */
    BackupManifest.Item copy(String name, long bytes, String targetName) throws IOException {
        MessageDigest digest = BackupManifest.sha256();
        to.create(targetName, 0);
        try (DiskFile source = from.open(name, Disk.Layout.STREAM, Disk.Writes.FORCED);
                DiskFile target = to.open(targetName, Disk.Layout.STREAM, Disk.Writes.FORCED)) {
            long at = 0;
            while (at < bytes) {
                piece.clear().limit((int) Math.min(PIECE_BYTES, bytes - at));
                int read = source.read(at, piece);
                if (read == 0) {
                    throw new IOException(name + " has " + at + " bytes instead of " + bytes);
                }
                digest.update(piece.flip());
                target.write(at, piece.flip());
                at += read;
            }
            target.force();
        }
        return new BackupManifest.Item(name, bytes, HexFormat.of().formatHex(digest.digest()));
    }

    /** Of a whole file, in hexadecimal. */
    static String sha256(Disk disk, String name) throws IOException {
        MessageDigest digest = BackupManifest.sha256();
        ByteBuffer piece = ByteBuffer.allocate(PIECE_BYTES);
        try (DiskFile file = disk.open(name, Disk.Layout.STREAM, Disk.Writes.FORCED)) {
            long at = 0;
            while (at < file.size()) {
                at += file.read(at, piece.clear());
                digest.update(piece.flip());
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
