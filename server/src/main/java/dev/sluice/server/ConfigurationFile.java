package dev.sluice.server;

import dev.sluice.server.Configuration.Given;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Reads a configuration file: UTF-8, one {@code key = value} a line; empty lines and lines that begin with {@code #} are
 * skipped. Errors name the file and the line, which {@link java.util.Properties} could not.
 */
final class ConfigurationFile {

    private ConfigurationFile() {}

    /**
     * Reads a file; the values are not checked here.
     *
     * @throws StartRefused when the file cannot be read, or a line is not a known key with a value
     */
    static Map<Setting<?>, Given> read(Path file) {
        Map<Setting<?>, Given> given = new HashMap<>();
        List<String> lines = lines(file);
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (!line.isEmpty() && !line.startsWith("#")) {
                readLine(file + ", line " + (i + 1), line, given);
            }
        }
        return given;
    }

    private static void readLine(String where, String line, Map<Setting<?>, Given> given) {
        int equals = line.indexOf('=');
        if (equals < 0) {
            throw StartRefused.badConfiguration(where + ": expected key = value, found \"" + line + "\"");
        }
        String name = line.substring(0, equals).strip();
        Setting<?> setting = Setting.named(name)
                .orElseThrow(() -> StartRefused.badConfiguration(
                        where + ": unknown key \"" + name + "\", expected one of " + knownNames()));
        Given value = new Given(line.substring(equals + 1).strip(), where + ", " + name);
        Given earlier = given.putIfAbsent(setting, value);
        if (earlier != null) {
            throw StartRefused.badConfiguration(value.source() + ": was given before in " + earlier.source());
        }
    }

    private static String knownNames() {
        return Setting.TABLE.stream().map(Setting::name).collect(Collectors.joining(", "));
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (NoSuchFileException _) {
            throw StartRefused.badConfiguration(file + ": there is no such configuration file");
        } catch (MalformedInputException _) {
            throw StartRefused.badConfiguration(file + ": expected text in UTF-8");
        } catch (IOException e) {
            throw StartRefused.badConfiguration(file + ": cannot be read: " + e.getMessage());
        }
    }
}
