package dev.sluice.log;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Confined to one test. Records made from a seed, and the batch they become. */
final class RandomRecords {
    private final SplittableRandom random;

    RandomRecords(long seed) {
        random = new SplittableRandom(seed);
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Header(byte[] key, byte @Nullable [] value) {}

    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Plain(long timestampMs, byte @Nullable [] key, byte @Nullable [] value, List<Header> headers) {}

    List<Plain> next(int maxRecords) {
        List<Plain> records = new ArrayList<>();
        int count = 1 + random.nextInt(maxRecords);
        for (int i = 0; i < count; i++) {
            records.add(record());
        }
        return records;
    }

    private Plain record() {
        List<Header> headers = new ArrayList<>();
        if (random.nextInt(3) == 0) {
            int count = random.nextInt(6);
            for (int i = 0; i < count; i++) {
                headers.add(new Header(bytes(20), random.nextInt(5) == 0 ? null : bytes(80)));
            }
        }
        return new Plain(
                timestampMs(),
                random.nextBoolean() ? null : bytes(30),
                random.nextInt(10) == 0 ? null : bytes(200),
                headers);
    }

    private long timestampMs() {
        return random.nextInt(20) == 0
                ? random.nextLong() >>> random.nextInt(1, 64)
                : 1_700_000_000_000L + random.nextInt(5_000);
    }

    /** Letters, so that a header key is valid UTF-8 for others; mostly short, now and then 100 times as long. */
    private byte[] bytes(int usualMax) {
        byte[] bytes = new byte[random.nextInt(random.nextInt(50) == 0 ? usualMax * 100 : usualMax)];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) random.nextInt('a', 'z');
        }
        return bytes;
    }

    static ByteBuf build(RecordBatchBuilder builder, List<Plain> records) {
        for (Plain plain : records) {
            ByteBuf headers = Unpooled.buffer();
            RecordHeaders.writeCount(headers, plain.headers().size());
            for (Header header : plain.headers()) {
                RecordHeaders.write(headers, header.key(), header.value());
            }
            builder.append(plain.timestampMs(), wrap(plain.key()), wrap(plain.value()), headers);
        }
        return builder.build();
    }

    private static @Nullable ByteBuf wrap(byte @Nullable [] bytes) {
        return bytes == null ? null : Unpooled.wrappedBuffer(bytes);
    }
}
