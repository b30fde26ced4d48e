package dev.sluice.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What this process has used so far, from /proc. Immutable. */
record Cpu(double userSeconds, double kernelSeconds) {
    private static final double TICKS_PER_SECOND = 100;
    private static final int USER_FIELD = 11;

    static Cpu now() throws IOException {
        return of(Path.of("/proc/self/stat"));
    }

    /** What another process has used so far. */
    static Cpu of(long pid) throws IOException {
        return of(Path.of("/proc/" + pid + "/stat"));
    }

    private static Cpu of(Path file) throws IOException {
        String stat = Files.readString(file);
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return new Cpu(
                Long.parseLong(fields[USER_FIELD]) / TICKS_PER_SECOND,
                Long.parseLong(fields[USER_FIELD + 1]) / TICKS_PER_SECOND);
    }

    Cpu since(Cpu before) {
        return new Cpu(userSeconds - before.userSeconds, kernelSeconds - before.kernelSeconds);
    }

    static long residentBytes() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
            }
        }
        throw new IOException("/proc/self/status says no VmRSS");
    }
}
