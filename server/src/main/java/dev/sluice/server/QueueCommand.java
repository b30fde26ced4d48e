package dev.sluice.server;

import dev.sluice.broker.TransferProgress.State;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Confined to the main thread. {@code sluice queue ...}: looks at queues of a running broker, and does something with their messages. */
final class QueueCommand implements Callable<Integer> {
    private static final String NAME = "queue";
    private static final long POLL_MS = 200;
    private static final long REPORT_EVERY = 25;

    private final QueueAction action;
    private final CommandSpec spec = CommandSpec.wrapWithoutInspection(this);

    private QueueCommand(QueueAction action) {
        this.action = action;
        spec.name(action.word()).mixinStandardHelpOptions(true);
        spec.usageMessage().description(action.description());
        spec.addPositional(PositionalParamSpec.builder()
                .index("0")
                .arity(isNameOptional() ? "0..1" : "1")
                .required(!isNameOptional())
                .type(String.class)
                .paramLabel("QUEUE")
                .description(isNameOptional() ? "Only this one." : "Name of the queue.")
                .build());
        if (action == QueueAction.SET) {
            spec.addPositional(PositionalParamSpec.builder()
                    .index("1..*")
                    .arity("0..*")
                    .type(String[].class)
                    .paramLabel("NAME=VALUE")
                    .description("A setting and its new value.")
                    .build());
        }
        action.options().forEach(option -> spec.addOption(option.spec()));
        RunningBroker.addDataOption(spec);
        if (action.isTransfer()) {
            spec.usageMessage()
                    .footer(
                            "",
                            "It goes on in the broker, whether or not this command is interrupted: see 'sluice queue progress' and 'sluice queue stop'.");
        }
    }

    /** The command with all its actions. */
    static CommandSpec spec() {
        CommandSpec group = CommandSpec.create().name(NAME).mixinStandardHelpOptions(true);
        group.usageMessage()
                .description(
                        "Looks at queues of a running broker, pauses them, changes their settings, and moves, copies or drops their messages.")
                .footer("", "Help on one of these: sluice queue COMMAND --help");
        for (QueueAction action : QueueAction.values()) {
            group.addSubcommand(action.word(), new CommandLine(new QueueCommand(action).spec));
        }
        return group;
    }

    private boolean isNameOptional() {
        return action == QueueAction.LIST;
    }

    @Override
    public Integer call() {
        ControlArguments words = words();
        try {
            action.check(words);
        } catch (IllegalArgumentException wrong) {
            throw new ParameterException(spec.commandLine(), String.valueOf(wrong.getMessage()), wrong);
        }
        String answer = RunningBroker.call(spec, action.command(), words.encode());
        if (action.isTransfer() || action == QueueAction.STOP) {
            return follow(answer);
        }
        print(action == QueueAction.PROGRESS ? QueueTexts.withoutState(answer) : answer);
        return ExitCode.OK;
    }

    private ControlArguments words() {
        ParseResult parsed = spec.commandLine().getParseResult();
        var words = new ControlArguments();
        if (parsed.hasMatchedPositional(0)) {
            words.add(QueueRequests.QUEUE, parsed.matchedPositionalValue(0, ""));
        }
        for (String assignment : parsed.matchedPositionalValue(1, new String[0])) {
            words.add(QueueRequests.SETTING, assignment);
        }
        action.options().forEach(option -> option.addTo(words, parsed));
        return words;
    }

    /** Waits for the end of what goes on, unless told not to. */
    private int follow(String first) {
        ParseResult parsed = spec.commandLine().getParseResult();
        String answer = first;
        for (int i = 1; !QueueTexts.state(answer).isOver() && !QueueOption.BACKGROUND.isIn(parsed); i++) {
            if (!pause()) {
                return ExitCode.FAILURE;
            }
            answer = RunningBroker.call(spec, QueueAction.PROGRESS.command(), words().encode());
            if (i % REPORT_EVERY == 0) {
                PrintWriter err = spec.commandLine().getErr();
                err.println(QueueTexts.withoutState(answer));
                err.flush();
            }
        }
        print(QueueTexts.withoutState(answer));
        State state = QueueTexts.state(answer);
        boolean wasStopped = state == State.STOPPED && action != QueueAction.STOP;
        return wasStopped || state == State.FAILED ? ExitCode.FAILURE : ExitCode.OK;
    }

    /** False if somebody wants the command to end. */
    private static boolean pause() {
        try {
            Thread.sleep(POLL_MS);
            return true;
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void print(String text) {
        PrintWriter out = spec.commandLine().getOut();
        if (!text.isEmpty()) {
            out.println(text);
        }
        out.flush();
    }
}
