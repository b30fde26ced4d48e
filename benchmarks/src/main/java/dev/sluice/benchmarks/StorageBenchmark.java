package dev.sluice.benchmarks;

import dev.sluice.broker.EmbeddedBroker;
import dev.sluice.broker.Message;
import dev.sluice.log.FetchCallback;
import dev.sluice.log.PartitionLog;
import dev.sluice.log.RecordBatch;
import dev.sluice.log.Storage;
import dev.sluice.log.StorageConfig;
import dev.sluice.log.StorageException;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import java.util.stream.Stream;

/**
 * Whole-process measurements of the storage; {@code docs/performance.md} has results. {@code benchmarks/storage NAME DIR} runs one on a
 * new folder in DIR, which is removed afterwards. Stateless.
 */
public final class StorageBenchmark {
    private static final int KIB = 1 << 10;
    private static final int MIB = 1 << 20;
    private static final long GIB = 1 << 30;
    private static final int ROUNDS = 7;
    private static final double NS_PER_S = 1e9;

    private StorageBenchmark() {}

    private interface Benchmark {
        void run(Path folder) throws Exception;
    }

    /** Runs the benchmark that the first argument names, in the folder that the second one names. */
    public static void main(String[] arguments) throws Exception {
        String name = arguments.length == 2 ? arguments[0] : "";
        Benchmark benchmark = switch (name) {
            case "latency" -> StorageBenchmark::latency;
            case "bandwidth" -> StorageBenchmark::bandwidth;
            case "recovery" -> StorageBenchmark::recovery;
            case "fill-journal" -> StorageBenchmark::fillJournal;
            case "catch-up" -> StorageBenchmark::catchUp;
            case "queues" -> StorageBenchmark::queues;
            case "idle" -> StorageBenchmark::idle;
            case "stuck" -> StorageBenchmark::stuck;
            default -> {
                System.err.println("usage: storage latency|bandwidth|recovery|catch-up|queues|idle|stuck DIR");
                System.exit(2);
                throw new AssertionError();
            }
        };
        if (name.equals("fill-journal")) {
            benchmark.run(Path.of(arguments[1]));
            return;
        }
        Path folder = Files.createTempDirectory(Path.of(arguments[1]), "sluice-benchmark");
        try {
            benchmark.run(folder);
        } finally {
            Folders.delete(folder);
        }
    }

    /** One record of 1 KiB at a time, beside one block at a time. */
    private static void latency(Path folder) throws Exception {
        int writes = 4_000;
        try (var device = new DeviceLoop(folder, 4 * KIB);
                var storage = Storage.open(folder.resolve("data"), StorageConfig.defaults());
                var log = new BenchmarkLog(storage, 1)) {
            log.append(20_000, KIB, 1, true);
            List<Double> ratios = new ArrayList<>();
            for (int round = 0; round < ROUNDS; round++) {
                Latencies plain = new Latencies();
                for (int i = 0; i < writes; i++) {
                    plain.add(device.write());
                }
                Latencies appended = log.append(writes, KIB, 1, true);
                ratios.add(appended.quantileMs(0.5) / plain.quantileMs(0.5));
                System.out.println("device  " + plain);
                System.out.println("append  " + appended);
            }
            System.out.printf(
                    Locale.ROOT,
                    "median of the rounds: an append takes %.2f times as long as the device's write%n",
                    median(ratios));
        }
    }

    /** Batches of 1 MiB, 16 on their way, beside writes of 1 MiB. */
    private static void bandwidth(Path folder) throws Exception {
        int batches = 768;
        try (var device = new DeviceLoop(folder, MIB);
                var storage = Storage.open(folder.resolve("data"), StorageConfig.defaults());
                var log = new BenchmarkLog(storage, 1)) {
            log.append(1_024, MIB - 200, 16, true);
            List<Double> ratios = new ArrayList<>();
            for (int round = 0; round < ROUNDS; round++) {
                long begin = System.nanoTime();
                for (int i = 0; i < batches; i++) {
                    device.write();
                }
                double plain = batches / ((System.nanoTime() - begin) / NS_PER_S);
                Cpu before = Cpu.now();
                begin = System.nanoTime();
                log.append(batches, MIB - 200, 16, true);
                double appended = batches / ((System.nanoTime() - begin) / NS_PER_S);
                Cpu used = Cpu.now().since(before);
                ratios.add(appended / plain);
                double gib = batches / 1024.0;
                System.out.printf(
                        Locale.ROOT,
                        "device %5.0f MiB/s, append %5.0f MiB/s, CPU per GiB: kernel %.2f s, user %.2f s%n",
                        plain,
                        appended,
                        used.kernelSeconds() / gib,
                        used.userSeconds() / gib);
            }
            System.out.printf(Locale.ROOT, "median of the rounds: %.2f of the device's bandwidth%n", median(ratios));
            int kept = 4 * 1024;
            Cpu before = Cpu.now();
            long begin = System.nanoTime();
            log.append(kept, MIB - 200, 16, false);
            double seconds = (System.nanoTime() - begin) / NS_PER_S;
            Cpu used = Cpu.now().since(before);
            System.out.printf(
                    Locale.ROOT,
                    "kept, so written to the journal and to segments: %.0f MiB/s, CPU per GiB: kernel %.2f s, user %.2f s%n",
                    kept / seconds,
                    used.kernelSeconds() / 4,
                    used.userSeconds() / 4);
        }
    }

    private static final StorageConfig LARGE_JOURNAL = new StorageConfig(
            64 * MIB, 64 * MIB, 2 * GIB, 4 * MIB, 64 * MIB, 128 * KIB, 2 * GIB, Integer.MAX_VALUE, MIB);

    /** Opening a folder with 1 GiB in the journal after a process that was killed, beside reading the same files. */
    private static void recovery(Path folder) throws Exception {
        Path data = folder.resolve("data");
        List<String> command = new ArrayList<>(
                List.of(ProcessHandle.current().info().command().orElseThrow(), "-XX:MaxDirectMemorySize=4g"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), StorageBenchmark.class.getName()));
        command.addAll(List.of("fill-journal", data.toString()));
        new ProcessBuilder(command).inheritIO().start().waitFor();
        long bytes = sizeOf(data);
        dropCaches();
        long begin = System.nanoTime();
        readAll(data.resolve("journal"));
        double read = (System.nanoTime() - begin) / NS_PER_S;
        dropCaches();
        begin = System.nanoTime();
        try (var storage = Storage.open(data, LARGE_JOURNAL);
                var log = new BenchmarkLog(storage, 1)) {
            double opened = (System.nanoTime() - begin) / NS_PER_S;
            System.out.printf(
                    Locale.ROOT,
                    "%.2f GiB on disk, %d records: read %.2f s, recovered %.2f s, %.2f times as long%n",
                    bytes / (double) GIB,
                    log.log().endOffset(),
                    read,
                    opened,
                    opened / read);
        }
    }

    private static void fillJournal(Path data) {
        var storage = Storage.open(data, LARGE_JOURNAL);
        new BenchmarkLog(storage, 1).append((int) (GIB / (64 * KIB)), 64 * KIB - 200, 32, false);
        Runtime.getRuntime().halt(0);
    }

    /** Reading 2 GiB of segments from the first offset, and what another log notices of it. */
    private static void catchUp(Path folder) throws Exception {
        Path data = folder.resolve("data");
        try (var storage = Storage.open(data, StorageConfig.defaults());
                var old = new BenchmarkLog(storage, 1);
                var busy = new BenchmarkLog(storage, 2)) {
            old.append((int) (2 * GIB / (64 * KIB)), 64 * KIB - 200, 16, false);
            busy.append(10_000, KIB, 1, true);
            System.out.println("append to another log, alone      " + busy.append(10_000, KIB, 1, true));
            dropCaches();
            long begin = System.nanoTime();
            readAll(data.resolve("segments"));
            double plain = sizeOf(data.resolve("segments")) / (double) MIB / ((System.nanoTime() - begin) / NS_PER_S);
            dropCaches();
            var isReading = new AtomicBoolean(true);
            var latencies = new Latencies[1];
            Thread appending = Thread.ofPlatform().start(() -> latencies[0] = appendWhile(busy, isReading));
            begin = System.nanoTime();
            long bytes = readLog(old);
            double caughtUp = bytes / (double) MIB / ((System.nanoTime() - begin) / NS_PER_S);
            isReading.set(false);
            appending.join();
            System.out.println("append to another log, meanwhile  " + latencies[0]);
            System.out.printf(
                    Locale.ROOT,
                    "catch-up %.0f MiB/s beside appends, reading the files alone %.0f MiB/s%n",
                    caughtUp,
                    plain);
        }
    }

    private static Latencies appendWhile(BenchmarkLog log, AtomicBoolean goOn) {
        Latencies last = log.append(500, KIB, 1, true);
        while (goOn.get()) {
            last = log.append(500, KIB, 1, true);
        }
        return last;
    }

    private static long readLog(BenchmarkLog source) {
        var done = new CompletableFuture<Long>();
        PartitionLog log = source.log();
        source.owner()
                .execute(() -> log.fetch(0, 256 * KIB, new FetchCallback() {
                    private long bytes;

                    @Override
                    public void fetched(ByteBuf batches) {
                        long next = log.durableOffset();
                        for (int at = batches.readerIndex();
                                at < batches.writerIndex();
                                at += RecordBatch.sizeInBytes(batches, at)) {
                            next = RecordBatch.lastOffset(batches, at) + 1;
                        }
                        bytes += batches.readableBytes();
                        batches.release();
                        if (next < log.durableOffset()) {
                            log.fetch(next, 256 * KIB, this);
                        } else {
                            done.complete(bytes);
                        }
                    }

                    @Override
                    public void failed(StorageException cause) {
                        done.completeExceptionally(cause);
                    }
                }));
        return done.join();
    }

    /** 10,000 durable messages of 1 KB a second, confirmed and acknowledged: through one queue, then through 1,000. */
    private static void queues(Path folder) throws Exception {
        for (int queues : new int[] {1, 1_000, 1, 1_000}) {
            Path data = folder.resolve("data");
            try (var broker = EmbeddedBroker.open(data)) {
                List<AutoCloseable> consumers = new ArrayList<>();
                for (int i = 0; i < queues; i++) {
                    broker.declareQueue("q" + i);
                    consumers.add(broker.consume("q" + i, 100, delivery -> delivery.ack()));
                }
                publishPaced(broker, queues, 2);
                System.out.printf(Locale.ROOT, "%5d queues: confirm %s%n", queues, publishPaced(broker, queues, 10));
                for (AutoCloseable consumer : consumers) {
                    consumer.close();
                }
            }
            Folders.delete(data);
        }
    }

    /** Each message has its time, and its confirm counts from then. */
    private static Latencies publishPaced(EmbeddedBroker broker, int queues, int seconds) throws InterruptedException {
        int perSecond = 10_000;
        int messages = perSecond * seconds;
        Message message = Message.of("x".repeat(1_000));
        long[] nanos = new long[messages];
        CountDownLatch confirmed = new CountDownLatch(messages);
        long begin = System.nanoTime();
        for (int i = 0; i < messages; i++) {
            int number = i;
            long due = begin + (long) (i * (NS_PER_S / perSecond));
            while (System.nanoTime() < due) {
                LockSupport.parkNanos(due - System.nanoTime());
            }
            var _ = broker.publish("q" + i % queues, message).whenComplete((done, failure) -> {
                nanos[number] = failure == null ? System.nanoTime() - due : Long.MAX_VALUE;
                confirmed.countDown();
            });
        }
        confirmed.await();
        Latencies latencies = new Latencies();
        for (long one : nanos) {
            latencies.add(one);
        }
        return latencies;
    }

    /** Memory of 10,000 durable queues that nobody uses. */
    private static void idle(Path folder) throws Exception {
        int queues = 10_000;
        try (var broker = EmbeddedBroker.open(folder.resolve("data"))) {
            broker.declareQueue("first");
            System.gc();
            long before = Cpu.residentBytes();
            long begin = System.nanoTime();
            for (int i = 0; i < queues; i++) {
                broker.declareQueue("q" + i);
            }
            double seconds = (System.nanoTime() - begin) / NS_PER_S;
            System.gc();
            System.out.printf(
                    Locale.ROOT,
                    "%d queues: %.1f s to declare one after another, %.2f KiB of resident memory each%n",
                    queues,
                    seconds,
                    (Cpu.residentBytes() - before) / (double) KIB / queues);
        }
        long begin = System.nanoTime();
        EmbeddedBroker.open(folder.resolve("data")).close();
        System.out.printf(Locale.ROOT, "start and stop with them: %.2f s%n", (System.nanoTime() - begin) / NS_PER_S);
    }

    /** One message is never acknowledged while 8 GiB flow through its queue. */
    private static void stuck(Path folder) throws Exception {
        Path data = folder.resolve("data");
        int bytes = 4_000;
        long messages = 8 * GIB / bytes;
        var peak = new AtomicLong();
        LongConsumer watch = size -> peak.accumulateAndGet(size, Math::max);
        try (var broker = EmbeddedBroker.open(data)) {
            broker.declareQueue("jobs");
            var acknowledged = new AtomicLong();
            var first = new AtomicBoolean(true);
            var window = new Semaphore(2_000); // published and not yet consumed
            try (var _ = broker.consume("jobs", 2_000, delivery -> {
                if (!first.getAndSet(false)) {
                    delivery.ack();
                    acknowledged.incrementAndGet();
                }
                window.release();
            })) {
                Message message = Message.of("x".repeat(bytes));
                for (long i = 0; i < messages; i++) {
                    window.acquire();
                    var _ = broker.publish("jobs", message);
                    if (i % 20_000 == 0) {
                        watch.accept(sizeOf(data));
                    }
                }
                while (acknowledged.get() < messages - 1) {
                    Thread.onSpinWait();
                }
                // What is given back comes with the next writes.
                for (int i = 0; i < 200; i++) {
                    broker.publish("jobs", message).join();
                }
                System.out.printf(
                        Locale.ROOT,
                        "%d messages of %d bytes past one that is not acknowledged: %.0f MiB on disk at the peak, %.0f MiB at the"
                                + " end, %d segment files%n",
                        messages,
                        bytes,
                        peak.get() / (double) MIB,
                        sizeOf(data) / (double) MIB,
                        filesOf(data.resolve("segments")).size());
            }
        }
    }

    // ---- files ----

    private static List<Path> filesOf(Path folder) throws IOException {
        try (Stream<Path> paths = Files.walk(folder)) {
            return paths.filter(Files::isRegularFile).toList();
        }
    }

    private static long sizeOf(Path folder) {
        long bytes = 0;
        try {
            for (Path file : filesOf(folder)) {
                bytes += Files.exists(file) ? Files.size(file) : 0;
            }
        } catch (IOException | UncheckedIOException goneMeanwhile) {
            return bytes;
        }
        return bytes;
    }

    private static void readAll(Path folder) throws IOException {
        ByteBuffer piece = ByteBuffer.allocateDirect(256 * KIB);
        for (Path file : filesOf(folder)) {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
                while (channel.read(piece.clear()) > 0) {
                    // Only the reading counts.
                }
            }
        }
    }

    private static void dropCaches() {
        try {
            new ProcessBuilder("sync").start().waitFor();
            Files.writeString(Path.of("/proc/sys/vm/drop_caches"), "1\n");
        } catch (IOException notAllowed) {
            System.out.println("(the page cache cannot be emptied by this user: files may be read from memory)");
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
    }
}
