package dev.sluice.amqp;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;

/** Who may use the gateway: user {@code guest} with password {@code guest}, from this machine only. Stateless. */
final class Logins {
    static final String MECHANISMS = "PLAIN AMQPLAIN";
    static final String USER = "guest";

    private static final byte[] GUEST = USER.getBytes(StandardCharsets.UTF_8);

    private Logins() {}

    /** What became of an attempt. */
    enum Verdict {
        WELCOME,
        REFUSED,
        UNKNOWN_MECHANISM
    }

    static Verdict check(String mechanism, LongString response, InetAddress peer) {
        return switch (mechanism) {
            case "PLAIN" -> check(Sasl.plain(response), peer);
            case "AMQPLAIN" -> check(Sasl.amqPlain(response), peer);
            default -> Verdict.UNKNOWN_MECHANISM;
        };
    }

    private static Verdict check(Optional<Credentials> given, InetAddress peer) {
        if (given.isEmpty()) {
            return Verdict.REFUSED;
        }
        // Both comparisons are made, each in constant time: the delay of the answer tells nothing.
        boolean user = isGuest(given.get().user());
        boolean password = isGuest(given.get().password());
        return user && password && peer.isLoopbackAddress() ? Verdict.WELCOME : Verdict.REFUSED;
    }

    private static boolean isGuest(String text) {
        return MessageDigest.isEqual(text.getBytes(StandardCharsets.UTF_8), GUEST);
    }
}
