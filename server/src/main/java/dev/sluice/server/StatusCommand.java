package dev.sluice.server;

import dev.sluice.broker.Alert;
import dev.sluice.broker.Broker;
import dev.sluice.broker.NodeStatus;
import dev.sluice.broker.ResourceStatus;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;

/** Confined to the main thread. {@code sluice status}: asks a running broker how short it is of memory and disk. */
final class StatusCommand implements Callable<Integer> {
    /** On the control socket; there is no argument. */
    static final String NAME = "status";

    private final CommandSpec spec = CommandSpec.wrapWithoutInspection(this);

    StatusCommand() {
        spec.name(NAME).mixinStandardHelpOptions(true);
        spec.usageMessage()
                .description(
                        "Says how much memory and disk a running broker has left, when they will be at their limit, what it"
                                + " does about it, and what people should look after.");
        RunningBroker.addDataOption(spec);
    }

    CommandSpec spec() {
        return spec;
    }

    @Override
    public Integer call() {
        spec.commandLine().getOut().println(RunningBroker.call(spec, NAME, ""));
        return ExitCode.OK;
    }

    /** In the broker. */
    static String run(Broker broker) {
        return String.join("\n", lines(broker.status()));
    }

    static List<String> lines(NodeStatus status) {
        List<String> lines = new ArrayList<>();
        for (ResourceStatus resource : status.resources()) {
            lines.add(resource.use() + "; " + resource.state());
            lines.add("  " + resource.limits());
        }
        lines.add("connections whose publishes wait: " + status.blockedPublishers());
        if (status.alerts().isEmpty()) {
            lines.add("no alerts");
        }
        for (Alert alert : status.alerts()) {
            Instant since = Instant.ofEpochMilli(alert.sinceMs()).truncatedTo(ChronoUnit.SECONDS);
            lines.add("ALERT since " + since + ": " + alert.text());
        }
        return lines;
    }
}
