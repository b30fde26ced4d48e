package dev.sluice.server;

import ch.qos.logback.classic.Level;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The broker that a command is for, which runs on a data folder of this machine. Stateless. */
final class RunningBroker {
    private static final String DATA = "--data";

    private RunningBroker() {}

    /** Lets the command be told the data folder. */
    static void addDataOption(CommandSpec spec) {
        spec.addOption(OptionSpec.builder(DATA)
                .type(String.class)
                .paramLabel("DIR")
                .description("The data folder of the broker. Default: " + Setting.DATA.defaultText())
                .build());
    }

    /**
     * Has the broker do something; blocks until it is done.
     *
     * @param spec of the command that was called, which has the option
     * @param command as the broker knows it
     * @return what it says, without the end of the last line
     * @throws StartRefused with what the broker said, or if none answers
     */
    static String call(CommandSpec spec, String command, String argument) {
        Logging.setLevel(Level.WARN);
        Path data = Path.of(spec.commandLine().getParseResult().matchedOptionValue(DATA, Setting.DATA.defaultText()));
        return ControlSocket.call(data, command, argument);
    }
}
