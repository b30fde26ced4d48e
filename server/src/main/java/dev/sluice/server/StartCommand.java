package dev.sluice.server;

import dev.sluice.server.Configuration.Given;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** Confined to the main thread. {@code sluice start}: runs the broker until the process is asked to stop. */
final class StartCommand implements Callable<Integer> {

    private static final String CONFIG_FLAG = "--config";

    /** System property: microseconds since 1970. */
    private static final String STARTED_AT = "sluice.startedAt";

    /** Hidden: lets the launcher record what a broker needs. */
    private static final String REHEARSE_FLAG = "--rehearse";

    private final CommandSpec spec = CommandSpec.wrapWithoutInspection(this);

    StartCommand() {
        spec.name("start").mixinStandardHelpOptions(true);
        spec.usageMessage()
                .description("Starts the broker and runs it until it is stopped with Ctrl-C or SIGTERM.")
                .abbreviateSynopsis(true)
                .sortOptions(false);
        for (Setting<?> setting : Setting.TABLE) {
            spec.addOption(OptionSpec.builder("--" + setting.name())
                    .type(String.class)
                    .paramLabel(setting.unit())
                    .description(literally(setting.text()), literally("Default: " + setting.defaultText()))
                    .build());
        }
        spec.addOption(OptionSpec.builder(CONFIG_FLAG)
                .type(String.class)
                .paramLabel("FILE")
                .description("File with lines of the form key = value, where a key is the name of a flag"
                        + " without its dashes. Flags win over the file.")
                .build());
        spec.addOption(OptionSpec.builder(REHEARSE_FLAG)
                .type(boolean.class)
                .arity("0")
                .hidden(true)
                .build());
    }

    /** Descriptions are formats. */
    private static String literally(String text) {
        return text.replace("%", "%%");
    }

    CommandSpec spec() {
        return spec;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        ParseResult flags = spec.commandLine().getParseResult();
        Configuration configuration = configuration(flags);
        Logging.setLevel(configuration.logLevel());
        Node node = Node.start(configuration);
        if (flags.hasMatchedOption(REHEARSE_FLAG)) {
            try (node) {
                Rehearsal.run(node.listening());
            }
            return ExitCode.OK;
        }
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(node), "shutdown"));
        spec.commandLine().getOut().println("ready in " + sinceStartMs() + " ms: " + addresses(node));
        new CountDownLatch(1).await();
        throw new AssertionError("only the shutdown hook ends the process");
    }

    /** For people: {@code amqp 127.0.0.1:5672}. */
    private static String addresses(Node node) {
        String addresses = node.listening().entrySet().stream()
                .map(each -> each.getKey() + " "
                        + each.getValue().getAddress().getHostAddress() + ":"
                        + each.getValue().getPort())
                .collect(Collectors.joining(", "));
        return addresses.isEmpty() ? "no listener" : addresses;
    }

    /** Since the launcher was called, where it says when that was; else since the process began. */
    private static long sinceStartMs() {
        return System.currentTimeMillis()
                - Optional.ofNullable(Long.getLong(STARTED_AT))
                        .map(micros -> micros / 1000)
                        .orElseGet(StartCommand::processStartMs);
    }

    private static long processStartMs() {
        return ProcessHandle.current()
                .info()
                .startInstant()
                .map(Instant::toEpochMilli)
                .orElseGet(ManagementFactory.getRuntimeMXBean()::getStartTime);
    }

    /** What the flags and the file that they name ask for. */
    static Configuration configuration(ParseResult flags) {
        Map<Setting<?>, Given> given = new HashMap<>();
        String file = flags.matchedOptionValue(CONFIG_FLAG, "");
        if (flags.hasMatchedOption(CONFIG_FLAG)) {
            given.putAll(ConfigurationFile.read(Path.of(file)));
        }
        for (Setting<?> setting : Setting.TABLE) {
            String flag = "--" + setting.name();
            if (flags.hasMatchedOption(flag)) {
                given.put(setting, new Given(flags.matchedOptionValue(flag, ""), flag));
            }
        }
        return Configuration.of(given);
    }

    /** Halts in the end, because a JVM that leaves after SIGTERM on its own reports a failure, 143, to its caller. */
    private static void stop(Node node) {
        int exitCode = ExitCode.OK;
        try {
            node.close();
        } catch (RuntimeException e) {
            Logger log = LoggerFactory.getLogger(StartCommand.class);
            log.error("did not stop cleanly", e);
            exitCode = ExitCode.FAILURE;
        }
        Runtime.getRuntime().halt(exitCode);
    }
}
