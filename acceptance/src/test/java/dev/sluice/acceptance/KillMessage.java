package dev.sluice.acceptance;

import java.nio.charset.StandardCharsets;

/** One message of the kill test: {@code publisher sequence padding}. Immutable. */
record KillMessage(int publisher, int sequence) {
    static String text(int publisher, int sequence) {
        return publisher + " " + sequence + " ";
    }

    static KillMessage of(byte[] body) {
        String[] words = new String(body, StandardCharsets.US_ASCII).split(" ", 3);
        return new KillMessage(Integer.parseInt(words[0]), Integer.parseInt(words[1]));
    }
}
