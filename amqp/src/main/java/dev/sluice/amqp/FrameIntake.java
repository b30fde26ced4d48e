package dev.sluice.amqp;

import io.netty.buffer.ByteBuf;

/**
 * Takes the frames of one connection one after the other in the order of the wire. A method that needs an answer from the broker holds back the frames behind it, in the socket if there are
 * many, so that no queue of requests can grow here and methods keep their order. Confined to the connection's shard.
 */
final class FrameIntake {
    private final FrameDecoder decoder = new FrameDecoder();
    private final ReceivedBytes received = new ReceivedBytes();
    private final Owner owner;
    /** Answers of the broker that are awaited. */
    private int held;

    private boolean decoding;
    private boolean ended;

    /** Whose frames these are. */
    interface Owner extends FrameHandler {
        void violated(Violation violation);

        /** Whether the peer leaves so much unread that no more of its requests should be taken. */
        boolean isCongested();

        /** Whether bytes should be read from the socket. */
        void setReading(boolean reading);
    }

    FrameIntake(Owner owner) {
        this.owner = owner;
    }

    void tune(int frameMaxBytes, int channelMax) {
        decoder.tune(frameMaxBytes, channelMax);
    }

    /** Takes over {@code bytes}, and the frames that end in them. */
    void add(ByteBuf bytes) {
        received.add(bytes);
        takeFrames();
    }

    /** No frame is taken until {@link #goOn}. */
    void hold() {
        held++;
        decoder.stop();
    }

    void goOn() {
        held--;
        takeFrames();
    }

    /** Takes the frames that are there, as far as that is possible now. */
    void takeFrames() {
        if (decoding || ended) {
            return;
        }
        decoding = true;
        boolean more = true;
        while (more && mayTake()) {
            int before = received.bytes().readerIndex();
            Violation violation = decoder.decode(received.bytes(), owner);
            if (violation != null) {
                owner.violated(violation);
            }
            more = received.bytes().isReadable() && received.bytes().readerIndex() != before;
        }
        decoding = false;
        if (!ended) {
            received.releaseIfEmpty();
            owner.setReading(mayTake());
        }
    }

    private boolean mayTake() {
        return held == 0 && !ended && !owner.isCongested();
    }

    /** Goes on after an exception was thrown out of a frame. */
    void recover() {
        decoding = false;
    }

    /** No further frame is taken. */
    void end() {
        ended = true;
        decoder.stop();
    }

    void release() {
        end();
        received.release();
    }
}
