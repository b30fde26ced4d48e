package dev.sluice.acceptance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * One run of the packaged broker as its own process, on a data folder that may have served earlier runs. Thread-safe:
 * the lines of output are guarded by their own lock, everything else is final.
 *
 * <p>The system property {@code sluice.command} names another program that takes the same arguments and prints the
 * same line when it is ready.
 */
final class SluiceProcess implements AutoCloseable {
    private static final Pattern READY = Pattern.compile("ready in (\\d+) ms: .+");
    private static final Pattern LISTENER = Pattern.compile("(\\w+) \\S+:(\\d+)");
    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(30);
    private static final int KEPT_LINES = 500;
    /** For the options that a test does not name. Groups do not wait for more members, or each test would. */
    private static final Map<String, String> OPTIONS =
            Map.of("--amqp-port", "0", "--kafka-port", "0", "--kafka-initial-rebalance-delay-ms", "0");

    /** What the broker says about itself in its line {@code ready in N ms: amqp HOST:PORT, kafka HOST:PORT}. */
    private record Ready(int millis, Map<String, Integer> ports) {}

    private final Path data;
    private final Process process;
    private final Deque<String> output = new ArrayDeque<>();
    private final CompletableFuture<Ready> ready = new CompletableFuture<>();
    private final Thread stopper = new Thread(this::kill);

    private SluiceProcess(Path data, List<String> options) throws IOException {
        this.data = data;
        List<String> command = new ArrayList<>(List.of(command(), "start", "--data", data.toString()));
        command.addAll(options);
        OPTIONS.forEach((option, value) -> {
            if (!options.contains(option)) {
                command.addAll(List.of(option, value));
            }
        });
        process = new ProcessBuilder(command)
                .directory(repository().toFile())
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .start();
        Runtime.getRuntime().addShutdownHook(stopper);
        Thread.ofVirtual().start(this::readOutput);
    }

    /** Starts the broker on free ports of its own choice and waits until it is ready. */
    static SluiceProcess start(Path data) throws IOException {
        return start(data, new String[0]);
    }

    /** Starts the broker with these options and waits until it is ready; fails with what it printed if it is not. */
    static SluiceProcess start(Path data, String... options) throws IOException {
        SluiceProcess sluice = launch(data, options);
        sluice.awaitReady();
        return sluice;
    }

    /** Starts the broker with these options, on free ports where they name none, without waiting for anything. */
    static SluiceProcess launch(Path data, String... options) throws IOException {
        return new SluiceProcess(data, List.of(options));
    }

    /** Runs another command of the program. */
    static Process run(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(command()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).directory(repository().toFile()).start();
    }

    /** The folder that holds the launcher: the tests run in it or in one of its modules. */
    static Path repository() {
        Path here = Path.of("").toAbsolutePath();
        Path parent = here.getParent();
        return parent != null && Files.exists(parent.resolve("LICENSE")) ? parent : here;
    }

    private static String command() {
        return System.getProperty(
                "sluice.command", repository().resolve("sluice").toString());
    }

    private void readOutput() {
        try (var reader = process.inputReader()) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                keep(line);
                Matcher matcher = READY.matcher(line);
                if (matcher.matches()) {
                    Map<String, Integer> ports = LISTENER.matcher(line)
                            .results()
                            .collect(Collectors.toMap(
                                    listener -> listener.group(1), listener -> Integer.valueOf(listener.group(2))));
                    ready.complete(new Ready(Integer.parseInt(matcher.group(1)), ports));
                }
            }
        } catch (IOException e) {
            keep("the output ended: " + e);
        }
        ready.completeExceptionally(new IllegalStateException("the broker ended before it was ready"));
    }

    private void keep(String line) {
        synchronized (output) {
            if (output.size() == KEPT_LINES) {
                output.removeFirst();
            }
            output.addLast(line);
            output.notifyAll();
        }
    }

    /** Waits until a line with this text was printed; what the broker prints arrives some time after what it answers. */
    void awaitOutput(String text) throws InterruptedException {
        long limitNs = System.nanoTime() + START_LIMIT.toNanos();
        synchronized (output) {
            while (output.stream().noneMatch(line -> line.contains(text))) {
                long leftMs = TimeUnit.NANOSECONDS.toMillis(limitNs - System.nanoTime());
                if (leftMs <= 0) {
                    throw new AssertionError("the broker did not print '" + text + "'; it printed:\n" + output());
                }
                output.wait(leftMs);
            }
        }
    }

    private Ready awaitReady() {
        try {
            return ready.get(START_LIMIT.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            kill();
            throw new AssertionError("the broker did not become ready; it printed:\n" + output(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    int amqpPort() {
        return port("amqp");
    }

    int kafkaPort() {
        return port("kafka");
    }

    /** The port of a protocol, 0 where the broker does not listen for it. */
    private int port(String protocol) {
        return awaitReady().ports().getOrDefault(protocol, 0);
    }

    /** The time from start to ready, as the broker itself measured it. */
    int readyMillis() {
        return awaitReady().millis();
    }

    /** The last lines that the broker printed. */
    String output() {
        synchronized (output) {
            return String.join("\n", output);
        }
    }

    /** Waits until the process has ended by itself; its exit code. */
    int awaitExit() throws InterruptedException {
        if (!process.waitFor(STOP_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
            kill();
            throw new AssertionError("the broker did not end within " + STOP_LIMIT + "; it printed:\n" + output());
        }
        forget();
        return process.exitValue();
    }

    /** Asks the broker to stop (SIGTERM) and waits for its end; its exit code. */
    int stop() throws InterruptedException {
        process.destroy();
        return awaitExit();
    }

    /** Ends the broker without a warning (SIGKILL) and returns when it is gone. */
    void kill() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        process.onExit().join();
        forget();
    }

    /** Stops the process where it is (SIGSTOP): it writes nothing more until it is killed. */
    void freeze() throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-STOP", Long.toString(process.pid()))
                .inheritIO()
                .start()
                .waitFor();
    }

    /** Starts the broker again on the same folder and on the same ports. */
    SluiceProcess restart() throws IOException {
        return start(data, "--amqp-port", Integer.toString(amqpPort()), "--kafka-port", Integer.toString(kafkaPort()));
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** The memory that the process and its children occupy now. */
    long residentBytes() {
        long own = residentBytes(process.toHandle());
        return own
                + process.descendants().mapToLong(SluiceProcess::residentBytes).sum();
    }

    private static long residentBytes(ProcessHandle handle) {
        try (var lines = Files.lines(Path.of("/proc", Long.toString(handle.pid()), "status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                    .sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void forget() {
        if (Thread.currentThread() != stopper) {
            try {
                Runtime.getRuntime().removeShutdownHook(stopper);
            } catch (IllegalStateException e) {
                keep("killed while the tests end");
            }
        }
    }

    @Override
    public void close() {
        kill();
    }
}
