package dev.sluice.amqp;

import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/** Reads the response of a peer for the SASL mechanisms that carry a name and a password. Stateless. */
final class Sasl {
    private static final int AMQPLAIN_MAX_FIELDS = 16;

    private Sasl() {}

    /** RFC 4616: {@code authorization id NUL name NUL password}; the authorization id is ignored, as in RabbitMQ. Empty when malformed. */
    static Optional<Credentials> plain(LongString response) {
        byte[] bytes = response.bytes();
        int first = indexOfNul(bytes, 0);
        int second = first < 0 ? -1 : indexOfNul(bytes, first + 1);
        if (second < 0 || indexOfNul(bytes, second + 1) >= 0 || !Utf8.isValid(bytes)) {
            return Optional.empty();
        }
        String user = text(bytes, first + 1, second);
        return Optional.of(new Credentials(user, text(bytes, second + 1, bytes.length)));
    }

    /** The mechanism of early AMQP: the fields {@code LOGIN} and {@code PASSWORD} of a table without the length in front. Empty when malformed. */
    static Optional<Credentials> amqPlain(LongString response) {
        byte[] bytes = response.bytes();
        WireReader reader = new WireReader();
        reader.reset(Unpooled.wrappedBuffer(bytes), 0, bytes.length, AMQPLAIN_MAX_FIELDS);
        FieldTable table = reader.tableBody();
        if (reader.failure() == null
                && table.get("LOGIN") instanceof LongString login
                && table.get("PASSWORD") instanceof LongString password
                && login.plain() instanceof String user
                && password.plain() instanceof String secret) {
            return Optional.of(new Credentials(user, secret));
        }
        return Optional.empty();
    }

    private static int indexOfNul(byte[] bytes, int from) {
        int i = from;
        while (i < bytes.length && bytes[i] != 0) {
            i++;
        }
        return i < bytes.length ? i : -1;
    }

    private static String text(byte[] bytes, int from, int to) {
        return new String(Arrays.copyOfRange(bytes, from, to), StandardCharsets.UTF_8);
    }
}
