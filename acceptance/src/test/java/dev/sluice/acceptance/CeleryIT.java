package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A Celery worker with two processes and everything that Celery switches on by itself: events, remote control, gossip and
 * mingle.
 */
@Timeout(180)
final class CeleryIT {
    private static final int LIMIT_SECONDS = 90;
    private static final long POLL_NS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final int SLOW_TASKS = 20;

    @Test
    void runsTasksRetriesAndRemoteControl(@TempDir Path folder) throws Exception {
        Map<String, String> environment = environment(folder);
        try (PythonProgram worker = startWorker(folder, environment)) {
            String output = PythonProgram.run(
                    folder,
                    environment,
                    LIMIT_SECONDS,
                    "celery_driver.py",
                    "thousand",
                    "retries",
                    "countdown",
                    "control",
                    "events");
            assertThat(output.lines())
                    .contains("thousand: ok", "retries: ok", "countdown: ok", "control: ok", "events: ok");
            // A thousand, fifty later, one by remote control and one for the monitor: each of them once.
            assertThat(logged(folder, "double")).hasSize(1_052);
            assertThat(logged(folder, "attempt")).hasSize(60);
            assertThat(worker.stop(LIMIT_SECONDS)).as(worker.output()).isTrue();
        }
    }

    @Test
    void givesTheTasksOfAKilledWorkerToAnother(@TempDir Path folder) throws Exception {
        Map<String, String> environment = environment(folder);
        try (PythonProgram worker = startWorker(folder, environment)) {
            PythonProgram.run(folder, environment, LIMIT_SECONDS, "celery_driver.py", "confirmed");
            awaitLogged(folder, worker, "finished", 3);
            worker.kill();
        }
        assertThat(Set.copyOf(logged(folder, "finished")).size()).isLessThan(SLOW_TASKS);
        try (PythonProgram worker = startWorker(folder, environment)) {
            awaitLogged(folder, worker, "finished", SLOW_TASKS);
            assertThat(new HashSet<>(logged(folder, "finished")))
                    .isEqualTo(Set.copyOf(IntStream.range(0, SLOW_TASKS)
                            .mapToObj(Integer::toString)
                            .toList()));
            // Only what was in hand when the worker was killed was begun twice.
            assertThat(logged(folder, "started")).hasSizeLessThanOrEqualTo(SLOW_TASKS + 4);
            assertThat(worker.stop(LIMIT_SECONDS)).as(worker.output()).isTrue();
        }
    }

    private static Map<String, String> environment(Path folder) {
        return Map.of(
                "BROKER_URL",
                Broker.shared().url(),
                "TASK_LOG",
                folder.resolve("tasks.log").toString());
    }

    private static PythonProgram startWorker(Path folder, Map<String, String> environment) throws IOException {
        PythonProgram worker = PythonProgram.start(
                folder,
                environment,
                "-m",
                "celery",
                "-A",
                "celery_app",
                "worker",
                "--concurrency=2",
                "--task-events",
                "--hostname=acceptance@localhost",
                "--loglevel=INFO");
        awaitOutput(worker, "acceptance@localhost ready.");
        return worker;
    }

    /** Waits until the worker's log has this text. */
    private static void awaitOutput(PythonProgram worker, String text) throws IOException {
        long deadline = deadline();
        while (!worker.output().contains(text)) {
            assertThat(worker.isAlive()).as(worker.output()).isTrue();
            pollAgain(worker, deadline);
        }
    }

    /** Waits until as many different tasks have logged this. */
    private static void awaitLogged(Path folder, PythonProgram worker, String what, int count) throws IOException {
        long deadline = deadline();
        while (new HashSet<>(logged(folder, what)).size() < count) {
            pollAgain(worker, deadline);
        }
    }

    private static long deadline() {
        return System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
    }

    private static void pollAgain(PythonProgram worker, long deadline) throws IOException {
        assertThat(System.nanoTime()).as(worker.output()).isLessThan(deadline);
        LockSupport.parkNanos(POLL_NS);
    }

    /** The ids of the tasks that logged this, in order, as often as they did. */
    private static List<String> logged(Path folder, String what) throws IOException {
        Path log = folder.resolve("tasks.log");
        if (!Files.exists(log)) {
            return List.of();
        }
        return Files.readAllLines(log).stream()
                .map(line -> line.split(" "))
                .filter(words -> words[0].equals(what))
                .map(words -> words[1])
                .toList();
    }
}
