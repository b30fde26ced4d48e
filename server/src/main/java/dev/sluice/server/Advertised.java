package dev.sluice.server;

import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Immutable. Where clients are told to connect to; nothing for the address that they have connected to. */
record Advertised(Optional<InetSocketAddress> address) {
    private static final Pattern HOST_AND_PORT = Pattern.compile("(\\S+):([0-9]{1,5})");

    /** Nothing when the text is neither {@code auto} nor {@code HOST:PORT}. */
    static Optional<Advertised> parse(String text) {
        if (text.equals("auto")) {
            return Optional.of(new Advertised(Optional.empty()));
        }
        Matcher parts = HOST_AND_PORT.matcher(text);
        if (!parts.matches()) {
            return Optional.empty();
        }
        int port = Integer.parseInt(parts.group(2));
        return port < 1 || port > Port.MAX
                ? Optional.empty()
                : Optional.of(new Advertised(Optional.of(InetSocketAddress.createUnresolved(parts.group(1), port))));
    }
}
