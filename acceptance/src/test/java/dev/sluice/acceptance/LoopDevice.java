package dev.sluice.acceptance;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file system of its own in one file, mounted. The file holds what has reached the device; what the kernel still keeps in memory for it is not
 * there. Confined to one test; needs root.
 */
final class LoopDevice implements AutoCloseable {
    private final Path image;
    private final Path mountPoint;

    private LoopDevice(Path image, Path mountPoint) throws IOException {
        this.image = image;
        this.mountPoint = Files.createDirectories(mountPoint);
        run("mount", "-o", "loop", image.toString(), mountPoint.toString());
    }

    /** Whether this user and this machine can mount one. */
    static boolean isPossible(Path folder) {
        try (LoopDevice device = create(folder.resolve("probe"), 16 << 20)) {
            return Files.isDirectory(device.mountPoint());
        } catch (IOException refused) {
            return false;
        }
    }

    /** A new file system. */
    static LoopDevice create(Path folder, long bytes) throws IOException {
        Files.createDirectories(folder);
        Path image = folder.resolve("image");
        try (var file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(bytes);
        }
        run("mkfs.ext4", "-q", "-F", image.toString());
        return new LoopDevice(image, folder.resolve("mounted"));
    }

    /** What a machine finds that comes back after its power was cut now: mounted beside this one. */
    LoopDevice afterPowerCut(Path folder) throws IOException {
        Files.createDirectories(folder);
        Path copy = folder.resolve("image");
        run("cp", "--sparse=always", image.toString(), copy.toString());
        return new LoopDevice(copy, folder.resolve("mounted"));
    }

    Path mountPoint() {
        return mountPoint;
    }

    @Override
    public void close() throws IOException {
        run("umount", mountPoint.toString());
        Files.delete(image);
    }

    private static void run(String... command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.onExit().join().exitValue() != 0) {
            throw new IOException(String.join(" ", command) + ": " + output.strip());
        }
    }
}
