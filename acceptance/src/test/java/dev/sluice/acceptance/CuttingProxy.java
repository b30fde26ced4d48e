package dev.sluice.acceptance;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;

/** Stands between clients and a broker, and cuts each connection after some bytes of answers: what the broker did by then its client never hears. Thread-safe. */
final class CuttingProxy implements AutoCloseable {
    private static final int BUFFER_BYTES = 4096;

    private final ServerSocket listener;
    private final int target;
    private final RandomGenerator random;
    private final int mostBytes;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger cuts = new AtomicInteger();
    /** Written by the test, read by all connections. */
    private volatile boolean isCutting = true;

    /** @param mostBytes of answers that a connection gets before it is cut, at most */
    CuttingProxy(int target, int mostBytes, RandomGenerator random) throws IOException {
        this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        this.target = target;
        this.mostBytes = mostBytes;
        this.random = random;
        Thread.ofVirtual().start(this::accept);
    }

    int port() {
        return listener.getLocalPort();
    }

    int cuts() {
        return cuts.get();
    }

    /** From now on connections stay. */
    void stopCutting() {
        isCutting = false;
    }

    private void accept() {
        try {
            while (true) {
                Socket client = listener.accept();
                open.add(client);
                int bytes = random.nextInt(mostBytes);
                Thread.ofVirtual().start(() -> connect(client, bytes));
            }
        } catch (IOException closed) {
            // The test is over.
        }
    }

    private void connect(Socket client, int bytes) {
        try (client;
                var broker = new Socket(InetAddress.getLoopbackAddress(), target)) {
            open.add(broker);
            client.setTcpNoDelay(true);
            broker.setTcpNoDelay(true);
            Thread.ofVirtual().start(() -> copy(client, broker, Integer.MAX_VALUE)); // ends as they are closed
            copy(broker, client, bytes);
            open.remove(broker);
        } catch (IOException away) {
            // The broker is not there; the client comes again.
        } finally {
            open.remove(client);
        }
    }

    /** Until one end is closed, or so many bytes have come. */
    private void copy(Socket from, Socket to, int most) {
        byte[] buffer = new byte[BUFFER_BYTES];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            int left = most;
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                if (isCutting && most < Integer.MAX_VALUE) {
                    left -= read;
                    if (left < 0) {
                        cuts.incrementAndGet();
                        return;
                    }
                }
                out.write(buffer, 0, read);
            }
            to.shutdownOutput();
        } catch (IOException closed) {
            // The other direction ends it.
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket socket : open) {
            socket.close();
        }
    }
}
