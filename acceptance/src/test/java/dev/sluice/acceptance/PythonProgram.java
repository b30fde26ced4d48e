package dev.sluice.acceptance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A Python program of the tests in its own process, run by Debian's Python, which has Debian's client libraries. Confined
 * to the test's thread.
 */
final class PythonProgram implements AutoCloseable {
    private static final Path SOURCES = SluiceProcess.repository().resolve("acceptance/src/test/python");
    private static final String INTERPRETER = "/usr/bin/python3";

    private final Process process;
    private final Path output;

    private PythonProgram(Process process, Path output) {
        this.process = process;
        this.output = output;
    }

    /** @param folder where the output goes */
    static PythonProgram start(Path folder, Map<String, String> environment, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(INTERPRETER, "-B"));
        command.addAll(List.of(arguments));
        Path output = Files.createTempFile(folder, "python", ".log");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(SOURCES.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().putAll(environment);
        return new PythonProgram(builder.start(), output);
    }

    /** Runs a program to its end and fails unless it ended well; what it printed. */
    static String run(Path folder, Map<String, String> environment, int limitSeconds, String... arguments)
            throws IOException, InterruptedException {
        try (PythonProgram program = start(folder, environment, arguments)) {
            boolean ended = program.process.waitFor(limitSeconds, TimeUnit.SECONDS);
            if (!ended || program.process.exitValue() != 0) {
                throw new AssertionError(
                        (ended ? "failed" : "not done within " + limitSeconds + " s") + ":\n" + program.output());
            }
            return program.output();
        }
    }

    String output() throws IOException {
        return Files.readString(output);
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Asks it to end and waits until it has; false where it had to be killed. */
    boolean stop(int limitSeconds) throws InterruptedException {
        process.destroy();
        boolean ended = process.waitFor(limitSeconds, TimeUnit.SECONDS);
        kill();
        return ended;
    }

    /** Ends it and its children without a warning. */
    void kill() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        process.onExit().join();
    }

    @Override
    public void close() {
        kill();
    }
}
