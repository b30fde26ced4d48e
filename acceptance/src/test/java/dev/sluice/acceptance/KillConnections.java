package dev.sluice.acceptance;

import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/** Connections to a broker that is often away. Immutable. */
final class KillConnections {
    private static final long RETRY_NS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long LIMIT_NS = TimeUnit.SECONDS.toNanos(60);

    private final ConnectionFactory factory;

    KillConnections(int port) {
        factory = Amqp.factory(port);
    }

    /** Tries until the broker is there again. */
    Connection open() throws IOException, TimeoutException, InterruptedException {
        long deadline = System.nanoTime() + LIMIT_NS;
        while (true) {
            try {
                return factory.newConnection();
            } catch (IOException | TimeoutException e) {
                if (System.nanoTime() > deadline) {
                    throw e;
                }
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                LockSupport.parkNanos(RETRY_NS);
            }
        }
    }
}
