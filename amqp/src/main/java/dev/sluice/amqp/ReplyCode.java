package dev.sluice.amqp;

import java.nio.charset.StandardCharsets;

/**
 * The reply codes of AMQP 0-9-1 (section 1.2 of the generated specification) with RabbitMQ's names. A hard error closes the connection, a soft one
 * only the channel.
 */
enum ReplyCode {
    SUCCESS(200, false),
    CONTENT_TOO_LARGE(311, false),
    NO_ROUTE(312, false),
    NO_CONSUMERS(313, false),
    CONNECTION_FORCED(320, true),
    INVALID_PATH(402, true),
    ACCESS_REFUSED(403, false),
    NOT_FOUND(404, false),
    RESOURCE_LOCKED(405, false),
    PRECONDITION_FAILED(406, false),
    FRAME_ERROR(501, true),
    SYNTAX_ERROR(502, true),
    COMMAND_INVALID(503, true),
    CHANNEL_ERROR(504, true),
    UNEXPECTED_FRAME(505, true),
    RESOURCE_ERROR(506, true),
    NOT_ALLOWED(530, true),
    NOT_IMPLEMENTED(540, true),
    INTERNAL_ERROR(541, true);

    private static final int SHORTSTR_MAX_BYTES = 255;
    private static final String CUT = "...";

    private final int code;
    private final boolean hard;

    ReplyCode(int code, boolean hard) {
        this.code = code;
        this.hard = hard;
    }

    int code() {
        return code;
    }

    boolean isHard() {
        return hard;
    }

    /** The reply text as RabbitMQ writes it, {@code NOT_FOUND - no queue 'x' in vhost '/'}, cut to what a short string can carry. */
    String text(String explanation) {
        return cutToShortstr(name() + " - " + explanation);
    }

    private static String cutToShortstr(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length <= SHORTSTR_MAX_BYTES) {
            return text;
        }
        int end = SHORTSTR_MAX_BYTES - CUT.length();
        while ((bytes[end] & 0xC0) == 0x80) { // never inside a character
            end--;
        }
        return new String(bytes, 0, end, StandardCharsets.UTF_8) + CUT;
    }
}
