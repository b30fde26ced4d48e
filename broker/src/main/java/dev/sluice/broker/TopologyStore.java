package dev.sluice.broker;

import dev.sluice.broker.TopologyCodec.StoredQueue;
import dev.sluice.log.MetadataStore;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** Keeps durable exchanges, queues and bindings in the metadata store. Thread-safe: has no state of its own. */
final class TopologyStore {
    private static final String EXCHANGES = "exchanges/";
    static final String QUEUES = "queues/";
    private static final String BINDINGS = "bindings/";
    private static final String CLUSTER_ID = "cluster-id";

    private final MetadataStore store;

    TopologyStore(MetadataStore store) {
        this.store = store;
    }

    /** What the data folder calls itself, from its first start on; {@code proposed} if this is that. */
    CompletableFuture<String> clusterId(String proposed) {
        return store.get(CLUSTER_ID)
                .map(stored -> CompletableFuture.completedFuture(new String(stored.value(), StandardCharsets.US_ASCII)))
                .orElseGet(() -> store.put(CLUSTER_ID, proposed.getBytes(StandardCharsets.US_ASCII), MetadataStore.ANY)
                        .thenApply(stored -> proposed));
    }

    List<ExchangeSpec> exchanges() {
        return all(EXCHANGES, TopologyCodec::exchange);
    }

    List<StoredQueue> queues() {
        return all(QUEUES, TopologyCodec::queue);
    }

    List<Binding> bindings() {
        return all(BINDINGS, TopologyCodec::binding);
    }

    private <T> List<T> all(String prefix, Function<byte[], T> decode) {
        return store.children(prefix).stream()
                .map(key -> decode.apply(store.get(key).orElseThrow().value()))
                .toList();
    }

    CompletableFuture<?> put(ExchangeSpec spec) {
        return store.put(EXCHANGES + escaped(spec.name()), TopologyCodec.exchange(spec), MetadataStore.ANY);
    }

    CompletableFuture<?> put(StoredQueue queue) {
        return store.put(QUEUES + escaped(queue.spec().name()), TopologyCodec.queue(queue), MetadataStore.ANY);
    }

    /** Changes the entry of a queue that is stored. */
    CompletableFuture<?> change(String queue, UnaryOperator<StoredQueue> change) {
        String key = QUEUES + escaped(queue);
        StoredQueue stored = TopologyCodec.queue(store.get(key).orElseThrow().value());
        return store.put(key, TopologyCodec.queue(change.apply(stored)), MetadataStore.ANY);
    }

    CompletableFuture<?> put(Binding binding) {
        byte[] stored = TopologyCodec.binding(binding);
        return store.put(BINDINGS + digest(stored), stored, MetadataStore.ANY);
    }

    CompletableFuture<?> deleteExchange(String name) {
        return store.delete(EXCHANGES + escaped(name), MetadataStore.ANY);
    }

    CompletableFuture<?> deleteQueue(String name) {
        return store.delete(QUEUES + escaped(name), MetadataStore.ANY);
    }

    CompletableFuture<?> delete(Binding binding) {
        return store.delete(BINDINGS + digest(TopologyCodec.binding(binding)), MetadataStore.ANY);
    }

    /** Letters, digits and {@code . _ -} stay, everything else becomes %XX, so that a name is one readable part of a path. */
    private static String escaped(String name) {
        var path = new StringBuilder();
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            boolean plain = c < 128 && (Character.isLetterOrDigit(c) || c == '.' || c == '_' || c == '-');
            path.append(plain ? String.valueOf(c) : String.format("%%%02X", (int) c));
        }
        return path.toString();
    }

    /** A binding has no name: what it says is its key. */
    private static String digest(byte[] stored) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(stored));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }
}
