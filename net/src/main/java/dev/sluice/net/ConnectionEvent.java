package dev.sluice.net;

/** What a connection's handler is told as a user event. */
public enum ConnectionEvent {
    /** The node stops: take leave of the peer, write out what is pending, and close. */
    SHUTDOWN
}
