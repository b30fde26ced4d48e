package dev.sluice.server;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** What others have sent, as a terminal may be given it. Stateless. */
final class Printable {
    private Printable() {}

    /** Text with its control characters made visible, anything else in Base64. */
    static String of(byte[] bytes) {
        String text = utf8(bytes);
        return text == null ? "Base64 " + Base64.getEncoder().encodeToString(bytes) : text(text);
    }

    static String text(String text) {
        var out = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            switch (c) {
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (Character.isISOControl(c) || Character.getType(c) == Character.FORMAT) {
                        out.append(String.format("\\u{%x}", c));
                    } else {
                        out.appendCodePoint(c);
                    }
                }
            }
        });
        return out.toString();
    }

    /** The bytes as UTF-8, of which the end may be cut off; null if they are something else. */
    static @Nullable String utf8(byte[] bytes) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        var out = CharBuffer.allocate(bytes.length);
        CoderResult result = decoder.decode(ByteBuffer.wrap(bytes), out, false);
        return result.isError() ? null : out.flip().toString();
    }
}
