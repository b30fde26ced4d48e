package dev.sluice.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.groups.Tuple.tuple;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A folder with a log in segments and one in the journal, damaged in one place each time. */
class StorageCheckTest {
    private static final LogId IN_SEGMENTS = new LogId(1);
    private static final LogId IN_JOURNAL = new LogId(2);
    /** Frames and chunks begin with their heads; the first batch lies behind them, and behind one row of a frame's table. */
    private static final int INSIDE_A_BATCH = 150;

    @TempDir
    Path folder;

    @BeforeEach
    void fill() throws IOException {
        try (TestNode node = node()) {
            PartitionLog large = node.open(IN_SEGMENTS.value());
            for (int i = 0; i < 300; i++) {
                node.append(large, 1000);
            }
            PartitionLog small = node.open(IN_JOURNAL.value());
            node.append(small, 100);
            node.append(small, 100);
        }
    }

    @Test
    void callsASoundFolderSoundAndChangesNothing() throws IOException {
        Map<Path, String> before = content();

        StorageReport report = StorageCheck.run(folder);

        assertThat(report.isSound()).isTrue();
        assertThat(report.logs())
                .extracting(StorageReport.Log::id, StorageReport.Log::startOffset, StorageReport.Log::endOffset)
                .containsExactly(tuple(IN_SEGMENTS, 0L, 300L), tuple(IN_JOURNAL, 0L, 2L));
        assertThat(report.logs().getFirst().segments()).isGreaterThan(1);
        assertThat(report.unnamedFiles()).isEmpty();
        assertThat(content()).isEqualTo(before);
    }

    @Test
    void namesTheSegmentAndTheOffsetsWhereABatchIsDamaged() throws IOException {
        Path segment = files("segments").getFirst();
        flip(segment, INSIDE_A_BATCH);

        StorageReport report = StorageCheck.run(folder);

        assertThat(damagesOf(report, IN_SEGMENTS))
                .singleElement()
                .asString()
                .contains("segments/" + segment.getFileName(), "position 0", "records 0 to");
        assertThat(damagesOf(report, IN_JOURNAL)).isEmpty();
        assertThat(report.damages()).isEmpty();
        assertThat(report.damagedLogs()).isEqualTo(1);
    }

    @Test
    void namesASegmentThatIsCutShortAndOneThatIsGone() throws IOException {
        List<Path> segments = files("segments");
        Files.delete(segments.getFirst());
        byte[] bytes = Files.readAllBytes(segments.get(1));
        Files.write(segments.get(1), Arrays.copyOf(bytes, 100));

        assertThat(damagesOf(StorageCheck.run(folder), IN_SEGMENTS))
                .hasSize(2)
                .anySatisfy(damage -> assertThat(damage)
                        .contains("segments/" + segments.getFirst().getFileName()))
                .anySatisfy(damage -> assertThat(damage)
                        .contains("segments/" + segments.get(1).getFileName()));
    }

    @Test
    void namesTheLogWhoseBatchIsDamagedInTheJournal() throws IOException {
        flipInFrameOf(IN_JOURNAL);

        StorageReport report = StorageCheck.run(folder);

        assertThat(damagesOf(report, IN_JOURNAL)).singleElement().asString().contains("journal/");
        assertThat(damagesOf(report, IN_SEGMENTS)).isEmpty();
        assertThat(report.damages()).isEmpty();
    }

    @Test
    void neverTakesForAnUnfinishedWriteWhatAStartHasFound() throws IOException {
        LogId last = new LogId(3);
        try (TestNode node = node()) {
            node.append(node.open(last.value()), 100);
            node.crash();
        }
        try (TestNode node = node()) {
            node.crash();
        }
        flipInFrameOf(last);

        assertThat(damagesOf(StorageCheck.run(folder), last))
                .singleElement()
                .asString()
                .contains("which were durable", "journal/");
    }

    @Test
    void saysThatNoBrokerStartsWhereTheMetadataIsDamaged() throws IOException {
        flip(folder.resolve("metadata"), MetadataFile.HEADER_BYTES + 30);

        StorageReport report = StorageCheck.run(folder);

        assertThat(report.isSound()).isFalse();
        assertThat(report.damages()).singleElement().asString().contains("metadata is damaged at position");
        assertThat(report.logs()).isEmpty();
    }

    @Test
    void namesFilesThatBelongToNoLog() throws IOException {
        Files.write(folder.resolve("segments/00000000000000ff"), new byte[Disk.BLOCK_BYTES]);

        assertThat(StorageCheck.run(folder).unnamedFiles()).containsExactly("segments/00000000000000ff");
    }

    @Test
    void refusesAFolderInUseAndOneThatHoldsNoData() throws Exception {
        try (AutoCloseable _ = FileDisk.open(folder).lock()) {
            assertThatThrownBy(() -> StorageCheck.run(folder))
                    .isInstanceOfSatisfying(
                            StorageException.class,
                            refused -> assertThat(refused.kind()).isEqualTo(StorageException.Kind.BUSY))
                    .hasMessageContaining("in use by process");
        }
        assertThatThrownBy(() -> StorageCheck.run(folder.resolve("nothing")))
                .hasMessageContaining("is not a data folder");
        assertThat(folder.resolve("nothing")).doesNotExist();
    }

    private static List<String> damagesOf(StorageReport report, LogId id) {
        return report.logs().stream()
                .filter(log -> log.id().equals(id))
                .findFirst()
                .orElseThrow()
                .damages();
    }

    private TestNode node() throws IOException {
        return new TestNode(new FaultyDisk(FileDisk.open(folder)), StorageConfig.small());
    }

    private List<Path> files(String name) throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve(name))) {
            return files.sorted(Comparator.naturalOrder()).toList();
        }
    }

    private Map<Path, String> content() throws IOException {
        Map<Path, String> content = new HashMap<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (!file.endsWith("lock")) {
                    content.put(file, HexFormat.of().formatHex(read(file)));
                }
            }
        }
        return content;
    }

    private static byte[] read(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Damages the batch of the first frame whose table begins with the log. */
    private void flipInFrameOf(LogId log) throws IOException {
        for (Path file : files("journal")) {
            ByteBuffer bytes = ByteBuffer.wrap(read(file));
            for (int frame = 0; frame < bytes.limit(); frame += Disk.BLOCK_BYTES) {
                if (bytes.getLong(frame + JournalFrame.HEADER_BYTES) == log.value()) {
                    flip(file, frame + INSIDE_A_BATCH);
                    return;
                }
            }
        }
        throw new AssertionError("no frame of log " + log);
    }

    private static void flip(Path file, int position) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[position] ^= 1;
        Files.write(file, bytes);
    }
}
