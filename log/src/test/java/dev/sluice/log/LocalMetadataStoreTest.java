package dev.sluice.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalMetadataStoreTest {
    /** The group of nothing that a clean end leaves. */
    private static final int END_MARK_BYTES = MetadataFile.GROUP_HEADER_BYTES;

    @TempDir
    Path folder;

    private FaultyDisk disk;

    @BeforeEach
    void openDisk() throws IOException {
        disk = new FaultyDisk(FileDisk.open(folder));
    }

    @Test
    void keepsValuesAndVersionsAcrossReopening() throws IOException {
        long version;
        try (LocalMetadataStore store = open()) {
            store.put("queues/a", bytes("one"), MetadataStore.ABSENT).join();
            version = store.put("queues/a", bytes("two"), MetadataStore.ANY).join();
            store.put("queues/b", bytes("x"), MetadataStore.ABSENT).join();
            store.delete("queues/b", MetadataStore.ANY).join();
        }
        try (LocalMetadataStore store = open()) {
            assertThat(store.get("queues/a")).hasValue(new Versioned(bytes("two"), version));
            assertThat(store.children("queues/")).containsExactly("queues/a");
        }
    }

    @Test
    void refusesAChangeWithAnotherVersionThanExpected() throws IOException {
        try (LocalMetadataStore store = open()) {
            long first = store.put("k", bytes("1"), MetadataStore.ABSENT).join();
            assertThatThrownBy(() ->
                            store.put("k", bytes("2"), MetadataStore.ABSENT).join())
                    .hasCauseInstanceOf(StorageException.class)
                    .hasMessageContaining("expected was 0");
            store.delete("k", first).join();
            long again = store.put("k", bytes("3"), MetadataStore.ABSENT).join();
            assertThat(again).isGreaterThan(first);
        }
    }

    @Test
    void givesNoVersionTwiceEvenAfterRewritingAndReopening() throws IOException {
        long last;
        try (LocalMetadataStore store = open()) {
            last = store.put("gone", bytes("1"), MetadataStore.ABSENT).join();
            store.delete("gone", last).join();
            rewriteByVolume(store);
            last = store.put("gone", bytes("2"), MetadataStore.ABSENT).join();
            store.delete("gone", last).join();
            rewriteByVolume(store);
        }
        try (LocalMetadataStore store = open()) {
            assertThat(store.put("k", bytes("x"), MetadataStore.ABSENT).join()).isGreaterThan(last);
        }
    }

    @Test
    void rewritesTheFileWhenMostOfItIsOld() throws IOException {
        try (LocalMetadataStore store = open()) {
            rewriteByVolume(store);
        }
        assertThat(Files.size(folder.resolve("metadata"))).isLessThan(2 << 20);
        try (LocalMetadataStore store = open()) {
            assertThat(store.get("big").orElseThrow().value()).hasSize(100_000);
        }
    }

    @Test
    void cutsOffAnUnfinishedWriteAtTheEnd() throws IOException {
        try (LocalMetadataStore store = open()) {
            store.put("a", bytes("1"), MetadataStore.ANY).join();
            store.put("b", bytes("2"), MetadataStore.ANY).join();
        }
        Path file = folder.resolve("metadata");
        byte[] content = written(file);
        Files.write(file, Arrays.copyOf(content, content.length - END_MARK_BYTES - 1));
        try (LocalMetadataStore store = open()) {
            assertThat(store.children("")).containsExactly("a");
            store.put("c", bytes("3"), MetadataStore.ANY).join();
        }
        try (LocalMetadataStore store = open()) {
            assertThat(store.children("")).containsExactly("a", "c");
        }
    }

    @Test
    void refusesToOpenWhenSomethingDurableIsDamaged() throws IOException {
        try (LocalMetadataStore store = open()) {
            store.put("a", bytes("1"), MetadataStore.ANY).join();
            store.put("b", bytes("2"), MetadataStore.ANY).join();
            store.put("c", bytes("2"), MetadataStore.ANY).join();
        }
        Path file = folder.resolve("metadata");
        byte[] content = written(file);
        content[MetadataFile.HEADER_BYTES + 70] ^= 1;
        Files.write(file, content);
        assertThatThrownBy(this::open)
                .isInstanceOf(StorageException.class)
                .hasMessageContaining("metadata is damaged at position")
                .hasMessageContaining("sluice check");
    }

    @Test
    void refusesToOpenWhenTheLastGroupIsDamagedThatTheFileBeganWith() throws IOException {
        try (LocalMetadataStore store = open()) {
            store.put("a", bytes("1"), MetadataStore.ANY).join();
        }
        open().close(); // puts a fresh file with one group in place
        Path file = folder.resolve("metadata");
        byte[] content = written(file);
        content[content.length - END_MARK_BYTES - 1] ^= 1;
        Files.write(file, Arrays.copyOf(content, content.length - END_MARK_BYTES));

        assertThatThrownBy(this::open)
                .isInstanceOf(StorageException.class)
                .hasMessageContaining("metadata is damaged at position");
    }

    @Test
    void refusesToOpenWhenTheLastChangeBeforeACleanEndIsDamaged() throws IOException {
        try (LocalMetadataStore store = open()) {
            store.put("a", bytes("1"), MetadataStore.ANY).join();
            store.put("b", bytes("2"), MetadataStore.ANY).join();
        }
        Path file = folder.resolve("metadata");
        byte[] content = written(file);
        content[content.length - END_MARK_BYTES - 1] ^= 1;
        Files.write(file, content);

        assertThatThrownBy(this::open)
                .isInstanceOf(StorageException.class)
                .hasMessageContaining("metadata is damaged at position");
    }

    @Test
    void tellsWatchersAndForgetsEphemeralKeys() throws IOException {
        List<String> seen = new ArrayList<>();
        try (LocalMetadataStore store = open()) {
            MetadataStore.Watch watch =
                    store.watch("live/", (key, value) -> seen.add(key + (value == null ? " gone" : "")));
            store.putEphemeral("live/1", bytes("me"), MetadataStore.ABSENT).join();
            store.put("other", bytes("x"), MetadataStore.ABSENT).join();
            store.delete("live/1", MetadataStore.ANY).join();
            store.putEphemeral("live/2", bytes("me"), MetadataStore.ABSENT).join();
            watch.close();
        }
        assertThat(seen).containsExactly("live/1", "live/1 gone", "live/2");
        try (LocalMetadataStore store = open()) {
            assertThat(store.children("")).containsExactly("other");
        }
    }

    @Test
    void aFailedWriteFailsItsChangesAndTheNextOneBeginsAFreshFile() throws IOException {
        try (LocalMetadataStore store = open()) {
            store.put("a", bytes("1"), MetadataStore.ANY).join();
            disk.failForces("metadata", 1);
            CompletableFuture<Long> failed = store.put("b", bytes("2"), MetadataStore.ANY);
            assertThatThrownBy(failed::join).isInstanceOf(CompletionException.class);
            assertThat(store.get("b")).isEmpty();
            store.put("c", bytes("3"), MetadataStore.ANY).join();
        }
        try (LocalMetadataStore store = open()) {
            assertThat(store.children("")).containsExactly("a", "c");
        }
    }

    @Test
    void writesTheDocumentedBytes() {
        ByteBuffer header = MetadataFile.header(0x0102030405060708L, 3);
        ByteBuffer group = MetadataFile.group(
                0x0102030405060708L,
                1,
                List.of(new MetadataFile.Change("k", 7, bytes("v")), new MetadataFile.Change("d", 8, null)));
        assertThat(hex(header))
                .isEqualTo("534c554943454d44" + "00000001" + "0102030405060708" + "0000000000000003" + "2577d54b");
        assertThat(hex(group))
                .isEqualTo("534d4731" + "0000001f" + "0000000000000001" + "2e74518b" + "0000000000000007" + "0001"
                        + "00000001" + "6b" + "76" + "0000000000000008" + "0001" + "ffffffff" + "64");
    }

    @Test
    void aSecondOwnerOfTheFolderIsToldWhoHasIt() throws Exception {
        try (AutoCloseable held = disk.lock()) {
            assertThat(held).isNotNull();
            assertThatThrownBy(disk::lock)
                    .isInstanceOf(StorageException.class)
                    .hasMessageContaining(
                            "in use by process " + ProcessHandle.current().pid());
        }
        disk.lock().close();
    }

    /** Without the zeros behind it. */
    private static byte[] written(Path file) throws IOException {
        byte[] content = Files.readAllBytes(file);
        MetadataFile.Scan scan = MetadataFile.read("metadata", ByteBuffer.wrap(content), (key, change) -> {});
        return Arrays.copyOf(content, scan.endPosition());
    }

    private static void rewriteByVolume(LocalMetadataStore store) {
        for (int i = 0; i < 15; i++) {
            store.put("big", new byte[100_000], MetadataStore.ANY).join();
        }
    }

    private LocalMetadataStore open() throws IOException {
        return LocalMetadataStore.open(disk, Runnable::run, 1 << 20);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String hex(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
