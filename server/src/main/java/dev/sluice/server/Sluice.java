package dev.sluice.server;

import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Immutable. The program {@code sluice}: finds the command in the arguments and runs it. */
public final class Sluice {

    private Sluice() {}

    /** Runs one command and ends the process with its exit code: 0 done, 1 failed, 2 wrongly called. */
    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }

    static CommandLine commandLine() {
        CommandSpec spec = CommandSpec.create()
                .name("sluice")
                .version("sluice " + version())
                .mixinStandardHelpOptions(true)
                .addSubcommand("start", new CommandLine(new StartCommand().spec()))
                .addSubcommand("check", new CommandLine(new CheckCommand().spec()))
                .addSubcommand("status", new CommandLine(new StatusCommand().spec()))
                .addSubcommand("queue", new CommandLine(QueueCommand.spec()))
                .addSubcommand("backup", new CommandLine(new BackupCommand().spec()))
                .addSubcommand("restore", new CommandLine(new RestoreCommand().spec()));
        spec.usageMessage()
                .description("A message broker in one small process, for the clients you already have.")
                .footer("", "Help on a command: sluice COMMAND --help");
        return new CommandLine(spec)
                .setParameterExceptionHandler(Sluice::explainWrongCall)
                .setExecutionExceptionHandler(Sluice::explainFailure);
    }

    private static String version() {
        return Objects.requireNonNullElse(Sluice.class.getPackage().getImplementationVersion(), "(not packaged)");
    }

    private static int explainWrongCall(ParameterException wrongCall, String[] arguments) {
        CommandLine command = wrongCall.getCommandLine();
        command.getErr().println("sluice: " + wrongCall.getMessage());
        UnmatchedArgumentException.printSuggestions(wrongCall, command.getErr());
        command.getErr().println("See: " + command.getCommandSpec().qualifiedName() + " --help");
        return ExitCode.USAGE;
    }

    private static int explainFailure(Exception failure, CommandLine command, ParseResult parsed) {
        return switch (failure) {
            case StartRefused refused -> {
                command.getErr().println("sluice: " + refused.getMessage());
                yield refused.exitCode();
            }
            default -> {
                Logger log = LoggerFactory.getLogger(Sluice.class);
                log.error("failed because of a bug in Sluice or a fault of the machine", failure);
                yield ExitCode.FAILURE;
            }
        };
    }
}
