package dev.sluice.server;

import ch.qos.logback.classic.Level;
import dev.sluice.broker.LogNames;
import dev.sluice.log.StorageCheck;
import dev.sluice.log.StorageException;
import dev.sluice.log.StorageRepair;
import dev.sluice.log.StorageReport;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** Confined to the main thread. {@code sluice check}: reads everything in a data folder and says what is damaged. */
final class CheckCommand implements Callable<Integer> {
    private static final String REPAIR_FLAG = "--repair";
    private static final long MIB = 1 << 20;

    private final CommandSpec spec = CommandSpec.wrapWithoutInspection(this);

    CheckCommand() {
        spec.name("check").mixinStandardHelpOptions(true);
        spec.usageMessage()
                .description("Reads everything in a data folder that no broker uses, says what is damaged, and changes"
                        + " nothing. Exits with 0 if all is sound, with 1 if not.");
        spec.addOption(OptionSpec.builder(REPAIR_FLAG)
                .type(boolean.class)
                .arity("0")
                .description(
                        "Makes a damaged folder one that a broker starts on, with everything that is sound. Originals"
                                + " of what is cut go to a folder repaired-N in it. Exits with 0 if all is sound afterwards.")
                .build());
        spec.addPositional(PositionalParamSpec.builder()
                .index("0")
                .arity("1")
                .required(true)
                .type(String.class)
                .paramLabel("DIR")
                .description("The data folder, as given to start --data.")
                .build());
    }

    CommandSpec spec() {
        return spec;
    }

    @Override
    public Integer call() {
        Logging.setLevel(Level.WARN);
        Path folder = Path.of(spec.commandLine().getParseResult().matchedPositionalValue(0, ""));
        PrintWriter out = spec.commandLine().getOut();
        try {
            StorageReport report = StorageCheck.run(folder);
            print(report, out);
            if (!report.isSound() && spec.commandLine().getParseResult().hasMatchedOption(REPAIR_FLAG)) {
                repair(folder, out);
                report = StorageCheck.run(folder);
                print(report, out);
            }
            return report.isSound() ? ExitCode.OK : ExitCode.FAILURE;
        } catch (StorageException refused) {
            throw StartRefused.notPossibleHere(String.valueOf(refused.getMessage()));
        }
    }

    private static void repair(Path folder, PrintWriter out) {
        StorageRepair.Result result = StorageRepair.run(folder);
        out.println();
        result.findings().forEach(finding -> out.println("repaired: " + finding));
        out.println("originals of what was cut are in " + folder.resolve(String.valueOf(result.copies()))
                + "; check again:");
        out.println();
    }

    private static void print(StorageReport report, PrintWriter out) {
        LogNames names = new LogNames(report.metadata());
        long bytes = 0;
        for (StorageReport.Log log : report.logs()) {
            bytes += log.segmentBytes();
            out.println("log " + log.id() + ", " + names.of(log.id()) + ": offsets " + log.startOffset() + " to "
                    + log.endOffset() + ", " + log.segments() + " segments, "
                    + (log.damages().isEmpty() ? "sound" : "DAMAGED"));
            log.damages().forEach(damage -> out.println("  " + damage));
        }
        report.damages().forEach(out::println);
        for (String file : report.unnamedFiles()) {
            out.println(file + " belongs to no log; the next start deletes it");
        }
        if (!report.damages().isEmpty()) {
            out.println("DAMAGED: no broker starts on this folder; bring it back from a backup, or try --repair");
        } else if (!report.isSound()) {
            out.println(
                    "DAMAGED: " + report.damagedLogs() + " of " + report.logs().size()
                            + " logs; a broker starts and refuses these queues, or what is damaged of them, and serves the others");
        } else {
            out.println("sound: " + report.logs().size() + " logs, " + bytes / MIB + " MiB in segments");
        }
        out.flush();
    }
}
