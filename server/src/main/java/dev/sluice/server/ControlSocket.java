package dev.sluice.server;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes commands for a running broker from programs of the same user on this machine, on a Unix domain socket in the data folder. A request is
 * two lines, the command and its argument; the answer is a line that says {@code ok} and the number of characters of a text that follows, or {@code error} and why. Thread-safe: commands run on
 * virtual threads of their own.
 */
final class ControlSocket implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ControlSocket.class);
    private static final String FILE = "control";
    private static final String OK = "ok ";
    private static final String ERROR = "error ";
    private static final int MAX_LINE_BYTES = 8 << 10;

    private final ServerSocketChannel server;
    private final Path file;
    private final Map<String, UnaryOperator<String>> commands;

    private ControlSocket(ServerSocketChannel server, Path file, Map<String, UnaryOperator<String>> commands) {
        this.server = server;
        this.file = file;
        this.commands = commands;
    }

    /**
     * Opens the socket; nobody else has the data folder.
     *
     * @param commands take their argument and return what they did; a failure's message goes to the caller
     */
    static ControlSocket open(Path data, Map<String, UnaryOperator<String>> commands) throws IOException {
        Path file = data.resolve(FILE);
        Files.deleteIfExists(file); // of a process that was killed
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            server.bind(UnixDomainSocketAddress.of(file));
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        } catch (IOException | RuntimeException failure) {
            server.close();
            throw failure;
        }
        var socket = new ControlSocket(server, file, Map.copyOf(commands));
        Thread.ofVirtual().name("control").start(socket::accept);
        return socket;
    }

    /**
     * Has the broker that uses the data folder run a command; blocks until it is done.
     *
     * @return what it did
     * @throws StartRefused with what the broker said, or if none answers
     */
    static String call(Path data, String command, String argument) {
        Path file = data.resolve(FILE);
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(file))) {
            var out = new PrintWriter(Channels.newWriter(channel, StandardCharsets.UTF_8));
            out.print(command + '\n' + argument + '\n');
            out.flush();
            return answer(new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8)));
        } catch (IOException | IllegalArgumentException failure) {
            throw StartRefused.notPossibleHere("no running broker with the data folder " + data + " answers ("
                    + failure.getMessage() + "); --data names the folder");
        }
    }

    private static String answer(BufferedReader in) throws IOException {
        String first = in.readLine();
        if (first != null && !first.startsWith(OK)) {
            throw StartRefused.notPossibleHere(first.startsWith(ERROR) ? first.substring(ERROR.length()) : first);
        }
        char[] text = new char[first == null ? 1 : Integer.parseInt(first, OK.length(), first.length(), 10)];
        int read = 0;
        for (int more = 0; read < text.length && more >= 0; read += Math.max(0, more)) {
            more = in.read(text, read, text.length - read);
        }
        if (read < text.length) {
            throw StartRefused.notPossibleHere("the broker ended before it was done");
        }
        return String.valueOf(text);
    }

    private void accept() {
        while (server.isOpen()) {
            try {
                SocketChannel caller = server.accept();
                Thread.ofVirtual().name("control command").start(() -> serve(caller));
            } catch (IOException failure) {
                if (server.isOpen()) {
                    LOG.warn("The control socket takes no more commands: {}", failure.toString());
                    close();
                }
            }
        }
    }

    private void serve(SocketChannel caller) {
        try (caller) {
            var in =
                    new BufferedReader(Channels.newReader(caller, StandardCharsets.UTF_8.newDecoder(), MAX_LINE_BYTES));
            String command = in.readLine();
            String argument = in.readLine();
            String answer =
                    command == null || argument == null ? error("two lines were expected") : run(command, argument);
            var out = new PrintWriter(Channels.newWriter(caller, StandardCharsets.UTF_8));
            out.print(answer);
            out.flush();
        } catch (IOException gone) {
            LOG.debug("a caller of the control socket is gone", gone);
        }
    }

    private String run(String name, String argument) {
        UnaryOperator<String> command = commands.get(name);
        if (command == null) {
            return error("this broker has no command " + name + "; it knows " + String.join(", ", commands.keySet()));
        }
        try {
            String text = command.apply(argument);
            return OK + text.length() + '\n' + text;
        } catch (RuntimeException failure) {
            LOG.warn("the command {} failed: {}", name, failure.toString());
            return error(failure.getMessage());
        }
    }

    private static String error(@Nullable String why) {
        return ERROR + String.valueOf(why).replace('\n', ' ') + '\n';
    }

    @Override
    public void close() {
        try {
            server.close();
            Files.deleteIfExists(file);
        } catch (IOException failure) {
            LOG.warn("The control socket could not be closed: {}", failure.toString());
        }
    }
}
