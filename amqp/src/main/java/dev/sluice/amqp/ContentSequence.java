package dev.sluice.amqp;

import org.jspecify.annotations.Nullable;

/**
 * Which frame a channel must send next: a method, or after basic.publish its content header, and then body frames until the announced size is reached (section
 * 4.2.6). Each call says what a frame of that kind breaks, or null. Confined to one channel.
 */
final class ContentSequence {
    private static final int METHOD_EXPECTED = -1;
    private static final int HEADER_EXPECTED = -2;

    /** The bytes of the body that are missing, or what is expected instead of a body. */
    private int state = METHOD_EXPECTED;

    @Nullable
    Violation method(int channel) {
        return state == METHOD_EXPECTED ? null : unexpected(channel);
    }

    @Nullable
    Violation publish(int channel) {
        if (state != METHOD_EXPECTED) {
            return unexpected(channel);
        }
        state = HEADER_EXPECTED;
        return null;
    }

    @Nullable
    Violation header(int channel, int bodySize) {
        if (state != HEADER_EXPECTED) {
            return unexpected(channel);
        }
        state = bodySize == 0 ? METHOD_EXPECTED : bodySize;
        return null;
    }

    @Nullable
    Violation body(int channel, int length) {
        if (state < 0) {
            return unexpected(channel);
        }
        if (length > state) {
            return refused(
                    ReplyCode.FRAME_ERROR,
                    "content body frame exceeds remaining content size",
                    channel,
                    BasicMethod.Publish.ID);
        }
        state = length == state ? METHOD_EXPECTED : state - length;
        return null;
    }

    /** Whether no message is under way: asked after a header or a body, it says that the message is complete. */
    boolean isComplete() {
        return state == METHOD_EXPECTED;
    }

    private Violation unexpected(int channel) {
        if (state == METHOD_EXPECTED) {
            return refused(
                    ReplyCode.UNEXPECTED_FRAME, "expected method frame, got non method frame instead", channel, 0);
        }
        String explanation = state == HEADER_EXPECTED
                ? "expected content header for class 60, got non content header frame instead"
                : "expected content body, got non content body frame instead";
        return refused(ReplyCode.UNEXPECTED_FRAME, explanation, channel, BasicMethod.Publish.ID);
    }

    private static Violation refused(ReplyCode code, String explanation, int channel, int id) {
        return new Violation.Refused(code, explanation, channel, id >>> 16, id & 0xFFFF, true);
    }
}
