package dev.sluice.amqp;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Hostile bytes: the decoder answers with frames or violations, in bounded time and memory, however the bytes are cut into reads. */
final class FrameDecoderFuzzTest {
    private static final int SEEDS = Integer.getInteger("fuzz.seeds", 2_000);
    private static final int FRAME_MAX = 8192;
    private static final int CHANNEL_MAX = 5;
    private static final int FEW_KB = 16 * 1024;

    private static final int[] FRAME_TYPES = {1, 1, 2, 3, 8, 0, 4};
    private static final int[] CLASSES = {10, 20, 30, 40, 50, 60, 60, 85, 90, 7};

    /** What came out of a stream. */
    private record Outcome(List<Frame> frames, List<String> violations) {}

    /** Looks into all that the decoder accepted. */
    private static final class Prying extends Frame.Recorder {
        @Override
        public void header(int channel, ContentHeader header) {
            super.header(channel, header);
            ContentProperties properties = header.properties();
            assertThat(properties.headers().plain()).isNotNull();
            ByteBuf out = Unpooled.buffer();
            properties.writeWithHeaders(out, FieldTable.builder().put("k", 1).build(), Set.of());
            assertThat(new ContentProperties().reset(out, 0, out.writerIndex())).isTrue();
        }
    }

    @Test
    void survivesRandomBytes() {
        fuzz(FrameDecoderFuzzTest::randomBytes);
    }

    @Test
    void survivesWellFramedNonsense() {
        assertThat(fuzz(FrameDecoderFuzzTest::nonsenseFrames))
                .as("violations in all streams")
                .isGreaterThan(SEEDS);
    }

    @Test
    void survivesDamagedStreams() {
        assertThat(fuzz(FrameDecoderFuzzTest::damagedStream))
                .as("violations in all streams")
                .isGreaterThan(SEEDS / 4);
    }

    @Test
    void readsValidStreamsHoweverTheyAreCut() {
        assertThat(fuzz(FrameDecoderFuzzTest::validStream))
                .as("violations in all streams")
                .isZero();
    }

    /** What the walker lets through, the reader must read later, and nothing else may be refused. */
    @Test
    void walksExactlyTheTablesThatCanBeRead() {
        int readable = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            ByteBuf out = Unpooled.buffer();
            WireWriter.table(out, new RandomMethods(seed).table(0));
            byte[] bytes = damage(random, bytes(out));
            ByteBuf in = Unpooled.wrappedBuffer(bytes);
            WireReader reader = new WireReader();
            reader.reset(in, 0, bytes.length, FieldTable.MAX_FIELDS);
            FieldTable table = reader.table();
            int end = new FieldWalker().skipTable(in, 0, bytes.length);
            assertThat(end == FieldWalker.MALFORMED).as("seed %d", seed).isEqualTo(reader.failure() != null);
            if (end != FieldWalker.MALFORMED) {
                readable++;
                ByteBuf again = Unpooled.buffer();
                WireWriter.table(again, table);
                assertThat(again.readableBytes()).as("seed %d", seed).isEqualTo(end);
            }
        }
        assertThat(readable).isBetween(SEEDS / 20, SEEDS - SEEDS / 20);
    }

    @Test
    void allocatesLittleForClaimedLengths() {
        String longstr = "000a 000b 00000000 05 504c41494e ffffffff 00";
        String table = "000a 000b 7fffffff";
        String array = "000a 000b 00000008 0161 41 7fffffff 56";
        for (String payload : new String[] {longstr, table, array}) {
            ByteBuf in = frame(1, 0, Frame.bytes(payload));
            assertThat(allocated(in)).as(payload).isLessThan(FEW_KB);
        }
        ByteBuf hugeFrame = Unpooled.wrappedBuffer(Frame.bytes("01 0000 7fffffff 000a000b"));
        assertThat(allocated(hugeFrame)).isLessThan(FEW_KB);
    }

    /** The largest frame that a peer may send before it has a name, full of the smallest fields, in one table and in many. */
    @Test
    void allocatesLittleForStrangersWhoSendManyFields() {
        ByteBuf fields = Unpooled.buffer().writeInt(0x000a000b).writeInt(4000);
        for (int i = 0; i < 2000; i++) {
            fields.writeByte(0).writeByte('V');
        }
        ByteBuf nested = Unpooled.buffer().writeInt(0x000a000b).writeInt(4080);
        for (int left = 4080; left >= 6; left -= 6) {
            nested.writeByte(0).writeByte('F').writeInt(left - 6);
        }
        ByteBuf tables = Unpooled.buffer().writeInt(0x000a000b).writeInt(4080);
        for (int left = 4080; left >= 6; left -= 6) {
            tables.writeByte(0).writeByte('A').writeInt(0);
        }
        for (ByteBuf payload : List.of(fields, nested, tables)) {
            assertThat(allocated(frame(1, 0, bytes(payload)))).isLessThan(FEW_KB);
        }
    }

    private interface Generator {
        byte[] generate(SplittableRandom random, long seed);
    }

    private static int fuzz(Generator generator) {
        int violations = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            byte[] stream = generator.generate(new SplittableRandom(seed), seed);
            try {
                Outcome atOnce = decode(stream, null);
                Outcome inPieces = decode(stream, new SplittableRandom(~seed));
                assertThat(inPieces).isEqualTo(atOnce);
                violations += atOnce.violations().size();
            } catch (RuntimeException | Error e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
        return violations;
    }

    /** Feeds the stream in random pieces, or at once, as a connection would: what is not decoded stays in front of the next bytes. */
    private static Outcome decode(byte[] stream, @Nullable SplittableRandom cuts) {
        FrameDecoder decoder = tunedDecoder();
        Frame.Recorder recorder = new Prying();
        List<String> violations = new ArrayList<>();
        ByteBuf kept = PooledByteBufAllocator.DEFAULT.directBuffer(64);
        try {
            int fed = 0;
            while (fed < stream.length) {
                int piece = cuts == null ? stream.length : cuts.nextInt(1, cuts.nextInt(2, 200));
                piece = Math.min(piece, stream.length - fed);
                kept.discardReadBytes();
                kept.writeBytes(stream, fed, piece);
                fed += piece;
                decodeAll(decoder, kept, recorder, violations);
                assertThat(kept.refCnt()).isEqualTo(1);
                assertThat(kept.readableBytes()).isLessThan(FRAME_MAX + FrameDecoder.OVERHEAD_BYTES);
            }
        } finally {
            kept.release();
        }
        return new Outcome(recorder.frames, violations);
    }

    private static void decodeAll(FrameDecoder decoder, ByteBuf in, Frame.Recorder recorder, List<String> violations) {
        boolean more = true;
        while (more) {
            int before = in.readableBytes();
            Violation violation = decoder.decode(in, recorder);
            more = violation != null && violation.inSync();
            if (more) {
                assertThat(in.readableBytes())
                        .as("a violation takes its frame away")
                        .isLessThan(before);
            }
            if (violation != null && (more || !violations.contains(violation.text()))) {
                violations.add(violation.text());
            }
        }
    }

    private static FrameDecoder tunedDecoder() {
        FrameDecoder decoder = new FrameDecoder();
        decoder.decode(Unpooled.wrappedBuffer(FrameDecoder.protocolHeader()), new Frame.Recorder());
        decoder.tune(FRAME_MAX, CHANNEL_MAX);
        return decoder;
    }

    private static byte[] randomBytes(SplittableRandom random, long seed) {
        byte[] bytes = new byte[random.nextInt(1, 400)];
        random.nextBytes(bytes);
        if (random.nextBoolean()) {
            bytes[0] = (byte) random.nextInt(1, 4);
        }
        return bytes;
    }

    /** Frames that are well-formed outside and random inside. */
    private static byte[] nonsenseFrames(SplittableRandom random, long seed) {
        ByteBuf out = Unpooled.buffer();
        for (int left = random.nextInt(1, 20); left > 0; left--) {
            byte[] payload = new byte[random.nextInt(100)];
            random.nextBytes(payload);
            int type = FRAME_TYPES[random.nextInt(FRAME_TYPES.length)];
            int channel = random.nextInt(CHANNEL_MAX + 2);
            ByteBuf content = Unpooled.buffer();
            if (type == FrameDecoder.METHOD && random.nextInt(10) > 0) {
                int classId = CLASSES[random.nextInt(CLASSES.length)];
                channel = classId == ConnectionMethod.CLASS_ID ? 0 : Math.max(1, channel);
                content.writeShort(classId).writeShort(random.nextInt(1, 13) * 10 + random.nextInt(2));
            } else if (type == FrameDecoder.HEADER && random.nextInt(10) > 0) {
                content.writeInt(60 << 16).writeLong(random.nextInt(1000)).writeShort(random.nextInt() & 0xFFFC);
            }
            content.writeBytes(payload);
            out.writeBytes(frame(type, channel, bytes(content)));
        }
        return bytes(out);
    }

    private static byte[] damagedStream(SplittableRandom random, long seed) {
        return damage(random, validStream(random, seed));
    }

    private static byte[] damage(SplittableRandom random, byte[] stream) {
        for (int left = random.nextInt(1, 6); left > 0 && stream.length > 0; left--) {
            int at = random.nextInt(stream.length);
            switch (random.nextInt(3)) {
                case 0 -> stream[at] = (byte) random.nextInt();
                case 1 -> stream[at] ^= (byte) (1 << random.nextInt(8));
                default -> stream[at] = (byte) (random.nextBoolean() ? 0xFF : 0x7F);
            }
        }
        return stream;
    }

    private static byte[] validStream(SplittableRandom random, long seed) {
        RandomMethods methods = new RandomMethods(seed);
        FrameWriter writer = new FrameWriter();
        writer.tune(FRAME_MAX);
        ByteBuf out = Unpooled.buffer();
        for (int left = random.nextInt(1, 15); left > 0; left--) {
            int channel = random.nextInt(1, CHANNEL_MAX + 1);
            switch (random.nextInt(4)) {
                case 0 -> {
                    AmqpMethod method = methods.next();
                    writer.method(out, method.classId() == ConnectionMethod.CLASS_ID ? 0 : channel, method);
                }
                case 1 -> writer.publish(out, channel, random.nextBoolean(), content(random, methods));
                case 2 ->
                    writer.deliver(
                            out, channel, WireWriter.shortstr(methods.text(20)), 1, false, content(random, methods));
                default -> writer.heartbeat(out);
            }
        }
        return bytes(out);
    }

    private static OutgoingContent content(SplittableRandom random, RandomMethods methods) {
        ByteBuf route = Unpooled.wrappedBuffer(Route.encode(methods.text(20), methods.text(20)));
        ByteBuf properties = Unpooled.buffer();
        new PropertiesBuilder()
                .headers(methods.table(0))
                .persistent(true)
                .text(Property.MESSAGE_ID, methods.text(10))
                .writeTo(properties);
        ByteBuf body = Unpooled.wrappedBuffer(new byte[random.nextInt(random.nextInt(10) == 0 ? 20_000 : 100)]);
        return new OutgoingContent()
                .route(route, 0, route.readableBytes())
                .properties(properties, 0, properties.readableBytes())
                .body(body, 0, body.readableBytes());
    }

    /** Java heap that one stranger costs us with these bytes. */
    private static long allocated(ByteBuf in) {
        measure(in.duplicate());
        return measure(in.duplicate());
    }

    private static long measure(ByteBuf in) {
        FrameDecoder decoder = new FrameDecoder();
        Frame.Recorder recorder = new Frame.Recorder();
        decoder.decode(Unpooled.wrappedBuffer(FrameDecoder.protocolHeader()), recorder);
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        Violation violation = decoder.decode(in, recorder);
        long after = threads.getCurrentThreadAllocatedBytes();
        assertThat(violation).isNotNull();
        return after - before;
    }

    private static ByteBuf frame(int type, int channel, byte[] payload) {
        return Unpooled.buffer()
                .writeByte(type)
                .writeShort(channel)
                .writeInt(payload.length)
                .writeBytes(payload)
                .writeByte(FrameDecoder.FRAME_END);
    }

    private static byte[] bytes(ByteBuf buffer) {
        byte[] bytes = new byte[buffer.readableBytes()];
        buffer.getBytes(buffer.readerIndex(), bytes);
        return bytes;
    }
}
