package dev.sluice.amqp;

/** A name and a password as a peer gave them. Immutable. */
record Credentials(String user, String password) {

    /** Without the password. */
    @Override
    public String toString() {
        return "Credentials[" + user + "]";
    }
}
