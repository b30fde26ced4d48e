package dev.sluice.log;

import java.io.IOException;
import java.util.Arrays;

/** Confined to one call. Bytes that come out of a decompression, no more than a limit. */
final class DecompressedBytes {
    private static final int LEAST_BYTES = 1 << 10;
    /** What is guessed first; records compress to a third or so. */
    private static final int USUAL_RATIO = 4;

    private final int limit;
    private byte[] bytes;
    private int size;

    /** {@code reserved}: bytes that are left free at the beginning, and count. */
    DecompressedBytes(int reserved, int compressedBytes, int limit) {
        this.limit = limit;
        this.bytes =
                new byte[(int) Math.min(limit, reserved + Math.max(LEAST_BYTES, (long) USUAL_RATIO * compressedBytes))];
        this.size = reserved;
    }

    /** Another one after each call of {@link #room} and {@link #need}. */
    byte[] array() {
        return bytes;
    }

    int size() {
        return size;
    }

    /** How many bytes fit behind {@link #size}; makes more room if there is none, so ask before {@link #array}. */
    int room() throws IOException {
        if (size == bytes.length) {
            need(1);
        }
        return bytes.length - size;
    }

    /** Makes room for so many bytes behind {@link #size}. */
    void need(int more) throws IOException {
        if (more > limit - size) {
            throw tooMany();
        }
        if (more > bytes.length - size) {
            bytes = Arrays.copyOf(bytes, (int) Math.min(limit, Math.max(2L * bytes.length, (long) size + more)));
        }
    }

    /** Bytes that may still come. */
    int left() {
        return limit - size;
    }

    void added(int count) {
        size += count;
    }

    private IOException tooMany() {
        return new IOException("decompressed it has more than the " + limit + " bytes that are allowed");
    }
}
