package dev.sluice.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Finds the frames of one journal file by their heads; says nothing of their batches. Confined to the thread that opens the
 * storage.
 */
final class JournalScan {
    private static final int SEARCH_BYTES = 1 << 20;

    /** A frame with a sound head. */
    record Frame(JournalFile file, long position, long sequence, long follows, ByteBuffer head, int payloadBytes) {
        int count() {
            return JournalFrame.count(head, 0);
        }

        long payloadPosition() {
            return position + JournalFrame.headBytes(count());
        }

        long endPosition() {
            return position + JournalFrame.frameBytes(count(), payloadBytes);
        }
    }

    private final DiskFile disk;
    private final JournalFile file;
    private final long salt;
    private final CRC32C crc = new CRC32C();
    private final List<Frame> frames = new ArrayList<>();

    /** @param disk is left open */
    JournalScan(DiskFile disk, JournalFile file, long salt) {
        this.disk = disk;
        this.file = file;
        this.salt = salt;
    }

    JournalFile file() {
        return file;
    }

    /** In the order of the file, and of their sequences. */
    List<Frame> frames() {
        return frames;
    }

    long lastSequence() {
        return frames.isEmpty() ? 0 : frames.getLast().sequence;
    }

    long endPosition() {
        return frames.isEmpty() ? 0 : frames.getLast().endPosition();
    }

    /** Reads the unbroken run of frames from the beginning of the file. */
    void readRun() throws IOException {
        ByteBuffer block = ByteBuffer.allocate(Disk.BLOCK_BYTES);
        while (endPosition() < file.bytes) {
            block.clear();
            disk.read(endPosition(), block);
            if (!addFrame(block.flip(), 0, endPosition())) {
                return;
            }
        }
    }

    /** Looks behind the run for newer frames, wherever they may begin. */
    void searchRest() throws IOException {
        ByteBuffer window = ByteBuffer.allocate(SEARCH_BYTES);
        long position = endPosition() + (frames.isEmpty() ? 0 : Disk.BLOCK_BYTES);
        while (position < file.bytes) {
            window.clear();
            if (disk.read(position, window) == 0) {
                return;
            }
            window.flip();
            for (int at = 0; at < window.limit(); at += Disk.BLOCK_BYTES) {
                addFrame(window, at, position + at);
            }
            position += SEARCH_BYTES;
        }
    }

    private boolean addFrame(ByteBuffer bytes, int at, long position) throws IOException {
        if (!JournalFrame.looksLikeFrame(bytes, at, salt) || JournalFrame.sequence(bytes, at) <= lastSequence()) {
            return false;
        }
        int count = JournalFrame.count(bytes, at);
        int payload = JournalFrame.payloadBytes(bytes, at);
        if (position + JournalFrame.frameBytes(count, payload) > file.bytes) {
            return false;
        }
        ByteBuffer head = ByteBuffer.allocate(JournalFrame.headBytes(count));
        disk.read(position, head);
        head.flip();
        if (!JournalFrame.isHeadSound(head, 0, crc)) {
            return false;
        }
        JournalFrame.checkVersion(head, 0, file.name, position);
        frames.add(new Frame(
                file, position, JournalFrame.sequence(head, 0), JournalFrame.follows(head, 0), head, payload));
        return true;
    }
}
