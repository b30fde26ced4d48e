package dev.sluice.server;

import dev.sluice.log.BackupFolder;
import dev.sluice.log.BackupSummary;
import dev.sluice.log.Disk;
import dev.sluice.log.Storage;
import dev.sluice.log.StorageCheck;
import dev.sluice.log.StorageException;
import dev.sluice.log.StorageReport;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** Confined to the main thread. {@code sluice backup}: asks a running broker for a copy of everything it stores. */
final class BackupCommand implements Callable<Integer> {
    /** On the control socket; the argument is the absolute path of the backup. */
    static final String NAME = "backup";

    private static final long MIB = 1 << 20;

    private final CommandSpec spec = CommandSpec.wrapWithoutInspection(this);

    BackupCommand() {
        spec.name(NAME).mixinStandardHelpOptions(true);
        spec.usageMessage()
                .description(
                        "Copies everything that a running broker stores (messages, acknowledgements, exchanges, queues,"
                                + " bindings) to a new folder, as of one moment, and reads the copy again to check it. The broker goes on"
                                + " meanwhile. 'sluice restore' makes a data folder of it.");
        spec.addPositional(PositionalParamSpec.builder()
                .index("0")
                .arity("1")
                .required(true)
                .type(String.class)
                .paramLabel("BACKUP")
                .description("Folder for the backup: new, or empty. The broker writes it.")
                .build());
        RunningBroker.addDataOption(spec);
    }

    CommandSpec spec() {
        return spec;
    }

    @Override
    public Integer call() {
        Path backup = Path.of(spec.commandLine().getParseResult().matchedPositionalValue(0, ""))
                .toAbsolutePath();
        spec.commandLine().getOut().println(RunningBroker.call(spec, NAME, backup.toString()));
        return ExitCode.OK;
    }

    /** In the broker. Blocks. */
    static String run(Storage storage, String folder) {
        Disk disk = BackupFolder.open(Path.of(folder));
        BackupSummary summary;
        try {
            summary = storage.backup(disk).join();
        } catch (CompletionException failure) {
            throw failure.getCause() instanceof StorageException known ? known : failure;
        }
        StorageReport report = StorageCheck.run(disk);
        if (!report.isSound()) {
            throw new IllegalStateException("the backup " + folder
                    + " is complete, and what is damaged in the data folder is damaged in it: 'sluice check " + folder
                    + "' lists it");
        }
        return "backup of " + report.logs().size() + " logs in " + folder + ": " + text(summary);
    }

    static String text(BackupSummary summary) {
        return summary.files() + " files, " + (summary.bytes() + MIB - 1) / MIB + " MiB, SHA-256 " + summary.checksum();
    }
}
