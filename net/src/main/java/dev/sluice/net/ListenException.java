package dev.sluice.net;

/** A listener could not be opened; the message is for the person who started the node. */
public final class ListenException extends Exception {
    private static final long serialVersionUID = 1L;

    ListenException(String message, Throwable cause) {
        super(message, cause);
    }
}
