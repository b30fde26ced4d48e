package dev.sluice.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The codec of the metadata file, and nothing else. Stateless. All numbers are big-endian.
 *
 * <pre>
 * file header, 32 bytes
 *    0  magic     8  "SLUICEMD"
 *    8  version   4  1
 *   12  salt      8  random, so that no value can look like a group of this file
 *   20  snapshot  8  groups that were durable before the file got its name: none of them can be an unfinished write
 *   28  crc       4  CRC32C of bytes 0 to 27
 * then groups, each written with one write and one sync
 *    0  magic     4  "SMG1"
 *    4  length    4  bytes of the changes that follow
 *    8  sequence  8  one more with each group of the file, from 1
 *   16  crc       4  CRC32C of the salt, bytes 4 to 15 and the changes
 *   20  changes   each: version 8, key length 2, value length 4 (-1 deleted), key in UTF-8, value
 * then zeros, up to the end of the space that was allocated
 * </pre>
 */
final class MetadataFile {
    static final int HEADER_BYTES = 32;
    static final int GROUP_HEADER_BYTES = 20;
    static final int MAX_GROUP_BYTES = 64 << 20;

    private static final int HEADER_CRC_AT = 28;

    private static final long MAGIC = 0x534c554943454d44L;
    private static final int VERSION = 1;
    private static final int GROUP_MAGIC = 0x534d4731;
    private static final int CHANGE_HEADER_BYTES = 14;

    /** One key with its new value, or null if it was deleted. */
    @SuppressWarnings("ArrayRecordComponent") // a hand-over: nobody changes it
    record Change(String key, long version, byte @Nullable [] value) {
        int sizeInBytes() {
            return CHANGE_HEADER_BYTES
                    + key.getBytes(StandardCharsets.UTF_8).length
                    + (value == null ? 0 : value.length);
        }
    }

    /** What reading found: where the valid part ends and what comes next there. */
    record Scan(long salt, long lastSequence, int endPosition) {}

    private MetadataFile() {}

    static long newSalt() {
        return new SplittableRandom().nextLong();
    }

    static ByteBuffer header(long salt, long snapshotGroups) {
        ByteBuffer header = ByteBuffer.allocateDirect(HEADER_BYTES);
        header.putLong(MAGIC).putInt(VERSION).putLong(salt).putLong(snapshotGroups);
        header.putInt(crcOf(header.duplicate().flip()));
        return header.flip();
    }

    static int groupBytes(List<Change> changes) {
        int bytes = GROUP_HEADER_BYTES;
        for (Change change : changes) {
            bytes += change.sizeInBytes();
        }
        return bytes;
    }

    static ByteBuffer group(long salt, long sequence, List<Change> changes) {
        int length = groupBytes(changes) - GROUP_HEADER_BYTES;
        ByteBuffer group = ByteBuffer.allocateDirect(GROUP_HEADER_BYTES + length);
        group.putInt(GROUP_MAGIC).putInt(length).putLong(sequence).putInt(0);
        for (Change change : changes) {
            byte[] key = change.key.getBytes(StandardCharsets.UTF_8);
            group.putLong(change.version).putShort((short) key.length);
            byte[] value = change.value;
            group.putInt(value == null ? -1 : value.length).put(key);
            if (value != null) {
                group.put(value);
            }
        }
        group.flip();
        return group.putInt(16, groupCrc(group, 0, length, salt));
    }

    /**
     * Reads a whole file. A group that is cut short or damaged ends it, unless a whole later group follows, or the
     * file was begun with it: then what is damaged was once durable.
     *
     * @throws StorageException of kind CORRUPT
     */
    static Scan read(String name, ByteBuffer file, BiConsumer<String, Change> changes) throws IOException {
        if (file.limit() < HEADER_BYTES
                || file.getLong(0) != MAGIC
                || file.getInt(HEADER_CRC_AT)
                        != crcOf(file.duplicate().position(0).limit(HEADER_CRC_AT))) {
            throw corrupt(name, 0, "its header is damaged");
        }
        if (file.getInt(8) != VERSION) {
            throw corrupt(name, 8, FormatVersions.unknown(file.getInt(8), VERSION));
        }
        long salt = file.getLong(12);
        long sequence = 0;
        int at = HEADER_BYTES;
        while (isGroup(file, at, sequence, salt) && file.getLong(at + 8) == sequence + 1) {
            int end = at + GROUP_HEADER_BYTES + file.getInt(at + 4);
            sequence = file.getLong(at + 8);
            int change = at + GROUP_HEADER_BYTES;
            while (change < end) {
                change = readChange(file, change, changes);
            }
            at = end;
        }
        for (int later = at; later <= file.limit() - GROUP_HEADER_BYTES; later++) {
            if (file.getInt(later) == GROUP_MAGIC && isGroup(file, later, sequence, salt)) {
                throw corrupt(name, at, "a damaged group is followed by a sound one at " + later);
            }
        }
        if (sequence < file.getLong(20)) {
            throw corrupt(name, at, "it has " + sequence + " sound groups, and began with " + file.getLong(20));
        }
        return new Scan(salt, sequence, at);
    }

    /**
     * Like {@link #read}, but goes on behind damage; for a repair.
     *
     * @param damages one sentence is added for each
     * @throws StorageException of kind CORRUPT if the header has no salt by which a group could be told
     */
    static void salvage(String name, ByteBuffer file, BiConsumer<String, Change> changes, List<String> damages)
            throws IOException {
        try {
            read(name, file, (key, change) -> {});
        } catch (StorageException damage) {
            damages.add(String.valueOf(damage.getMessage()));
        }
        if (file.limit() < HEADER_BYTES) {
            throw corrupt(name, 0, "its header is damaged");
        }
        long salt = file.getLong(12);
        long sequence = 0;
        int at = HEADER_BYTES;
        while (at <= file.limit() - GROUP_HEADER_BYTES) {
            if (file.getInt(at) != GROUP_MAGIC || !isGroup(file, at, sequence, salt)) {
                at++;
                continue;
            }
            int end = at + GROUP_HEADER_BYTES + file.getInt(at + 4);
            sequence = file.getLong(at + 8);
            at += GROUP_HEADER_BYTES;
            while (at < end) {
                at = readChange(file, at, changes);
            }
        }
        if (sequence == 0) {
            throw corrupt(name, HEADER_BYTES, "none of its groups is sound");
        }
    }

    /** Writes a whole file of groups, followed by zeros up to the length given; durable on return. Returns where the groups end. */
    static long write(Disk disk, String name, long salt, List<List<Change>> groups, long allocatedBytes)
            throws IOException {
        disk.create(name, allocatedBytes);
        try (DiskFile file = disk.open(name, Disk.Layout.STREAM, Disk.Writes.FORCED)) {
            file.write(0, header(salt, groups.size()));
            long position = HEADER_BYTES;
            for (int i = 0; i < groups.size(); i++) {
                ByteBuffer group = group(salt, i + 1L, groups.get(i));
                int bytes = group.remaining();
                file.write(position, group);
                position += bytes;
            }
            file.force();
            return position;
        }
    }

    private static boolean isGroup(ByteBuffer file, int at, long lastSequence, long salt) {
        if (file.limit() - at < GROUP_HEADER_BYTES || file.getInt(at) != GROUP_MAGIC) {
            return false;
        }
        int length = file.getInt(at + 4);
        return length >= 0
                && length <= file.limit() - at - GROUP_HEADER_BYTES
                && file.getLong(at + 8) > lastSequence
                && file.getInt(at + 16) == groupCrc(file, at, length, salt);
    }

    private static int readChange(ByteBuffer file, int at, BiConsumer<String, Change> changes) {
        long version = file.getLong(at);
        int keyLength = file.getShort(at + 8) & 0xffff;
        int valueLength = file.getInt(at + 10);
        byte[] key = new byte[keyLength];
        file.get(at + CHANGE_HEADER_BYTES, key);
        byte[] value = null;
        if (valueLength >= 0) {
            value = new byte[valueLength];
            file.get(at + CHANGE_HEADER_BYTES + keyLength, value);
        }
        String text = new String(key, StandardCharsets.UTF_8);
        changes.accept(text, new Change(text, version, value));
        return at + CHANGE_HEADER_BYTES + keyLength + Math.max(0, valueLength);
    }

    private static int groupCrc(ByteBuffer file, int at, int length, long salt) {
        CRC32C crc = new CRC32C();
        crc.update(ByteBuffer.allocate(8).putLong(salt).flip());
        crc.update(file.duplicate().limit(at + 16).position(at + 4));
        crc.update(file.duplicate().limit(at + GROUP_HEADER_BYTES + length).position(at + GROUP_HEADER_BYTES));
        return (int) crc.getValue();
    }

    private static int crcOf(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }

    private static StorageException corrupt(String name, int position, String what) {
        return new StorageException(
                StorageException.Kind.CORRUPT,
                "the metadata file " + name + " is damaged at position " + position + ": " + what
                        + "; nothing was changed. Bring it back from a backup; 'sluice check' lists all that is damaged");
    }
}
