package dev.sluice.amqp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/** What a peer did against the protocol, and what to answer. Immutable. */
sealed interface Violation {

    /** Says what was wrong, for a log line. */
    String text();

    /** Whether the next frame can still be found. Without it only an answer and a close are possible. */
    boolean inSync();

    /** The peer did not begin with {@code AMQP 0 0 9 1}: answer with {@link #reply} and close the socket (section 4.2.2). */
    record WrongProtocol(String text) implements Violation {
        ByteBuf reply() {
            return Unpooled.wrappedBuffer(FrameDecoder.protocolHeader());
        }

        @Override
        public boolean inSync() {
            return false;
        }
    }

    /** Answer with connection.close, or with channel.close when the code is soft and the channel is not 0. */
    record Refused(ReplyCode code, String explanation, int channel, int classId, int methodId, boolean inSync)
            implements Violation {
        @Override
        public String text() {
            return code.text(explanation);
        }
    }
}
