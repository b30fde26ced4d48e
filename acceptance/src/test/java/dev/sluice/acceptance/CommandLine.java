package dev.sluice.acceptance;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/** Runs programs as a user does who types a command. Not instantiable. */
final class CommandLine {
    private static final int LIMIT_SECONDS = 60;

    private CommandLine() {}

    /** The exit code, and what was printed to both outputs. */
    record Ended(int exitCode, String out, String errors) {}

    /** Runs a program to its end and fails unless it ended well; what it printed. */
    static String run(List<String> command, String input) throws Exception {
        Ended ended = end(command, input);
        if (ended.exitCode() != 0) {
            throw new AssertionError(String.join(" ", command) + " failed:\n" + ended.out() + ended.errors());
        }
        return ended.out();
    }

    /** Runs a program to its end, however that is. */
    static Ended end(List<String> command, String input) throws IOException, InterruptedException, ExecutionException {
        Process process = new ProcessBuilder(command).start();
        try {
            CompletableFuture<String> out = text(process.getInputStream());
            CompletableFuture<String> errors = text(process.getErrorStream());
            try (OutputStream in = process.getOutputStream()) {
                in.write(input.getBytes(UTF_8));
            }
            if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError(String.join(" ", command) + " did not end within " + LIMIT_SECONDS + " s");
            }
            return new Ended(process.exitValue(), out.get(), errors.get());
        } finally {
            process.destroyForcibly();
        }
    }

    private static CompletableFuture<String> text(InputStream stream) {
        CompletableFuture<String> text = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try (stream) {
                text.complete(new String(stream.readAllBytes(), UTF_8));
            } catch (IOException e) {
                text.completeExceptionally(new UncheckedIOException(e));
            }
        });
        return text;
    }
}
