package dev.sluice.log;

import java.io.IOException;

/** Stateless. What stands before the deflated data of a gzip member: RFC 1952, section 2.3. */
final class GzipHeader {
    private static final int FIXED_BYTES = 10;
    private static final int FLAGS = 3;
    private static final int HAS_CHECKSUM = 1 << 1;
    private static final int HAS_EXTRA = 1 << 2;
    private static final int HAS_NAME = 1 << 3;
    private static final int HAS_COMMENT = 1 << 4;
    private static final int CHECKSUM_BYTES = 2;

    private GzipHeader() {}

    /** Where the deflated data begins; not behind the end. */
    static int lengthOf(byte[] in) throws IOException {
        if (in.length < FIXED_BYTES || in[0] != 0x1f || in[1] != (byte) 0x8b || in[2] != 8) {
            throw new IOException("it does not begin as gzip does");
        }
        int flags = in[FLAGS];
        int at = FIXED_BYTES;
        if ((flags & HAS_EXTRA) != 0) {
            at = behindExtra(in, at);
        }
        if ((flags & HAS_NAME) != 0) {
            at = behindZero(in, at);
        }
        if ((flags & HAS_COMMENT) != 0) {
            at = behindZero(in, at);
        }
        if ((flags & HAS_CHECKSUM) != 0) {
            at += CHECKSUM_BYTES;
        }
        if (at > in.length) {
            throw cutOff();
        }
        return at;
    }

    private static int behindExtra(byte[] in, int at) throws IOException {
        if (at + 2 > in.length) {
            throw cutOff();
        }
        return at + 2 + (in[at] & 0xff) + ((in[at + 1] & 0xff) << 8);
    }

    private static int behindZero(byte[] in, int from) throws IOException {
        for (int at = from; at < in.length; at++) {
            if (in[at] == 0) {
                return at + 1;
            }
        }
        throw cutOff();
    }

    private static IOException cutOff() {
        return new IOException("its gzip header has no end");
    }
}
