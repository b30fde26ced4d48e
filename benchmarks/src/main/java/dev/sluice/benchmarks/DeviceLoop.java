package dev.sluice.benchmarks;

import dev.sluice.log.DirectIo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;

/** The device without a broker: direct synchronous writes to one preallocated file, over and over. Confined to one thread. */
final class DeviceLoop implements AutoCloseable {
    private static final int BLOCK_BYTES = 4096;
    private static final int FILE_BYTES = 256 << 20;

    private final FileChannel channel;
    private final ByteBuffer buffer;
    private long position;

    DeviceLoop(Path folder, int writeBytes) throws IOException {
        OpenOption direct = Objects.requireNonNull(DirectIo.option());
        Path file = folder.resolve("device-loop");
        buffer = ByteBuffer.allocateDirect(writeBytes + BLOCK_BYTES)
                .alignedSlice(BLOCK_BYTES)
                .limit(writeBytes)
                .slice();
        try (FileChannel zeros = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, direct)) {
            ByteBuffer piece = ByteBuffer.allocateDirect((1 << 20) + BLOCK_BYTES)
                    .alignedSlice(BLOCK_BYTES)
                    .limit(1 << 20)
                    .slice();
            for (long at = 0; at < FILE_BYTES; at += 1 << 20) {
                zeros.write(piece.clear(), at);
            }
            zeros.force(true);
        }
        channel = FileChannel.open(file, StandardOpenOption.WRITE, direct, StandardOpenOption.DSYNC);
    }

    /** Writes once; returns the nanoseconds that it took. */
    long write() throws IOException {
        long begin = System.nanoTime();
        channel.write(buffer.clear(), position);
        position = (position + buffer.capacity()) % FILE_BYTES;
        return System.nanoTime() - begin;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
