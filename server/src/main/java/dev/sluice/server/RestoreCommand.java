package dev.sluice.server;

import ch.qos.logback.classic.Level;
import dev.sluice.log.BackupFolder;
import dev.sluice.log.BackupSummary;
import dev.sluice.log.StorageException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** Confined to the main thread. {@code sluice restore}: makes a data folder of a backup. */
final class RestoreCommand implements Callable<Integer> {
    private final CommandSpec spec = CommandSpec.wrapWithoutInspection(this);

    RestoreCommand() {
        spec.name("restore").mixinStandardHelpOptions(true);
        spec.usageMessage()
                .description(
                        "Makes a data folder of a backup, compares every checksum, and prints the same SHA-256 as the"
                                + " backup did. The backup is not changed.");
        spec.addPositional(PositionalParamSpec.builder()
                .index("0")
                .arity("1")
                .required(true)
                .type(String.class)
                .paramLabel("BACKUP")
                .description("A folder that 'sluice backup' has made.")
                .build());
        spec.addOption(OptionSpec.builder("--data")
                .type(String.class)
                .paramLabel("DIR")
                .description("The data folder to make: new, or empty. Default: " + Setting.DATA.defaultText())
                .build());
    }

    CommandSpec spec() {
        return spec;
    }

    @Override
    public Integer call() {
        Logging.setLevel(Level.WARN);
        var arguments = spec.commandLine().getParseResult();
        Path backup = Path.of(arguments.matchedPositionalValue(0, ""));
        Path data = Path.of(arguments.matchedOptionValue("--data", Setting.DATA.defaultText()));
        try {
            BackupSummary summary = BackupFolder.restore(backup, data);
            spec.commandLine().getOut().println("restored to " + data + ": " + BackupCommand.text(summary));
            return ExitCode.OK;
        } catch (StorageException refused) {
            throw StartRefused.notPossibleHere(String.valueOf(refused.getMessage()));
        }
    }
}
