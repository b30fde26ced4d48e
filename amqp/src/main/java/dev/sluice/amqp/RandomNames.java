package dev.sluice.amqp;

import java.security.SecureRandom;
import java.util.Base64;

/** Names that the server makes for queues and consumers: nobody can guess them, and they do not repeat. Stateless. */
final class RandomNames {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int RANDOM_BYTES = 16;

    private RandomNames() {}

    static String next(String prefix) {
        byte[] bytes = new byte[RANDOM_BYTES];
        RANDOM.nextBytes(bytes);
        return prefix + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
