package dev.sluice.server;

import java.io.Serial;

/** Immutable. The broker cannot start, for a reason the user can remove; the message is all that the user is shown. */
final class StartRefused extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1;

    private final int exitCode;

    private StartRefused(int exitCode, String message) {
        super(message);
        this.exitCode = exitCode;
    }

    /** What was asked for makes no sense; nothing was touched. */
    static StartRefused badConfiguration(String message) {
        return new StartRefused(ExitCode.USAGE, message);
    }

    /** What was asked for cannot be had on this machine now: a port or a folder is in use, a permission is missing. */
    static StartRefused notPossibleHere(String message) {
        return new StartRefused(ExitCode.FAILURE, message);
    }

    int exitCode() {
        return exitCode;
    }
}
