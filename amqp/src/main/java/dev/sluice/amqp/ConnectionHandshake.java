package dev.sluice.amqp;

import java.net.InetAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The beginning of a connection: start, authentication, tune, open, each once and in this order. Confined to the connection's shard. */
final class ConnectionHandshake {
    private static final Logger LOG = LoggerFactory.getLogger(ConnectionHandshake.class);
    private static final int VERSION_MAJOR = 0;
    private static final int VERSION_MINOR = 9;
    private static final String VIRTUAL_HOST = "/";
    private static final int SHOWN_CHARACTERS = 100;

    /** What the client has to send next. */
    private enum Step {
        PROTOCOL_HEADER,
        START_OK,
        TUNE_OK,
        OPEN,
        DONE
    }

    private final AmqpConnection connection;
    private final AmqpSettings settings;
    private final InetAddress peer;
    private Step step = Step.PROTOCOL_HEADER;
    private FieldTable clientCapabilities = FieldTable.EMPTY;

    ConnectionHandshake(AmqpConnection connection, AmqpSettings settings, InetAddress peer) {
        this.connection = connection;
        this.settings = settings;
        this.peer = peer;
    }

    boolean isDone() {
        return step == Step.DONE;
    }

    /** Whether the client said that it understands {@code capability}. */
    boolean clientIsCapableOf(String capability) {
        return clientCapabilities.isTrue(capability);
    }

    void protocolHeader() {
        step = Step.START_OK;
        connection.send(
                0,
                new ConnectionMethod.Start(
                        VERSION_MAJOR,
                        VERSION_MINOR,
                        ServerProperties.table(),
                        LongString.of(Logins.MECHANISMS),
                        LongString.of("en_US")));
    }

    /** Takes a method that belongs to the handshake. */
    void method(ConnectionMethod method) {
        if (step == Step.START_OK && method instanceof ConnectionMethod.StartOk startOk) {
            startOk(startOk);
        } else if (step == Step.TUNE_OK && method instanceof ConnectionMethod.TuneOk tuneOk) {
            tuneOk(tuneOk);
        } else if (step == Step.OPEN && method instanceof ConnectionMethod.Open open) {
            open(open);
        } else {
            connection.fail(ReplyCode.COMMAND_INVALID, "unimplemented method", method.id());
        }
    }

    private void startOk(ConnectionMethod.StartOk startOk) {
        if (startOk.clientProperties().get("capabilities") instanceof FieldTable capabilities) {
            clientCapabilities = capabilities;
        }
        String mechanism = startOk.mechanism();
        switch (Logins.check(mechanism, startOk.response(), peer)) {
            case WELCOME -> {
                step = Step.TUNE_OK;
                connection.send(
                        0,
                        new ConnectionMethod.Tune(
                                settings.channelMax(), settings.frameMaxBytes(), settings.heartbeatSeconds()));
            }
            case UNKNOWN_MECHANISM ->
                connection.fail(
                        ReplyCode.COMMAND_INVALID,
                        "unknown authentication mechanism '" + shown(mechanism) + "'",
                        startOk.id());
            case REFUSED -> refuse(startOk);
        }
    }

    private void refuse(ConnectionMethod.StartOk startOk) {
        LOG.warn(
                "{} could not log in with {}: only user guest may, with its password and from this machine",
                peer,
                startOk.mechanism());
        if (clientIsCapableOf("authentication_failure_close")) {
            connection.fail(
                    ReplyCode.ACCESS_REFUSED,
                    "Login was refused using authentication mechanism " + startOk.mechanism()
                            + ". For details see the broker logfile.",
                    startOk.id());
        } else {
            connection.hangUp();
        }
    }

    private void tuneOk(ConnectionMethod.TuneOk tuneOk) {
        int channelMax = agreed("channel_max", tuneOk.channelMax(), 1, settings.channelMax(), tuneOk.id());
        int frameMax = agreed(
                "frame_max", tuneOk.frameMax(), FrameDecoder.FRAME_MIN_BYTES, settings.frameMaxBytes(), tuneOk.id());
        if (channelMax > 0 && frameMax > 0) {
            step = Step.OPEN;
            connection.tuned(channelMax, frameMax, tuneOk.heartbeatSeconds());
        }
    }

    /** What the client wants, 0 meaning whatever the server takes; -1 when it cannot have that, and the connection has failed. */
    private int agreed(String field, long wanted, int least, int most, int methodId) {
        if (wanted == 0) {
            return most;
        }
        if (wanted >= least && wanted <= most) {
            return (int) wanted;
        }
        String limit = wanted < least
                ? " is lower than the minimum allowed value (" + least + ")"
                : " is higher than the maximum allowed value (" + most + ")";
        connection.fail(ReplyCode.NOT_ALLOWED, "negotiated " + field + " = " + wanted + limit, methodId);
        return -1;
    }

    private void open(ConnectionMethod.Open open) {
        if (!open.virtualHost().equals(VIRTUAL_HOST)) {
            String explanation = "vhost " + shown(open.virtualHost()) + " not found";
            connection.fail(ReplyCode.NOT_ALLOWED, explanation, open.id());
            return;
        }
        step = Step.DONE;
        connection.opened();
        connection.send(0, new ConnectionMethod.OpenOk());
    }

    private static String shown(String text) {
        return text.length() <= SHOWN_CHARACTERS ? text : text.substring(0, SHOWN_CHARACTERS) + "...";
    }
}
