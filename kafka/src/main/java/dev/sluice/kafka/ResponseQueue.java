package dev.sluice.kafka;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The answers of one connection, sent in the order of the requests whenever they come. Confined to the connection's shard. */
final class ResponseQueue {
    private final ArrayDeque<Slot> slots = new ArrayDeque<>();
    private final Consumer<List<ByteBuf>> sender;
    private boolean closed;

    /** {@code sender} takes over the buffers of each answer, in order. */
    ResponseQueue(Consumer<List<ByteBuf>> sender) {
        this.sender = sender;
    }

    /** The place of one answer. */
    final class Slot {
        private boolean answered;
        private @Nullable List<ByteBuf> response;
        private @Nullable Runnable end;
        private @Nullable Runnable whenOver;

        /** Takes over the buffers; null if nothing is to be sent. */
        void answer(@Nullable List<ByteBuf> buffers) {
            if (closed) {
                release(buffers);
                return;
            }
            if (answered) {
                throw new IllegalStateException("a request is answered once");
            }
            answered = true;
            response = buffers;
            whenOver = null;
            sendFirst();
        }

        /** Instead of an answer: runs {@code action}, which closes the connection, when all earlier answers are sent. */
        void end(Runnable action) {
            end = action;
            answer(null);
        }

        boolean isOver() {
            return closed || answered;
        }

        void whenOver(Runnable action) {
            whenOver = action;
        }
    }

    /** The place of the answer to the request that has just come. */
    Slot open() {
        var slot = new Slot();
        slots.addLast(slot);
        return slot;
    }

    /** Requests without an answer. */
    int size() {
        return slots.size();
    }

    private void sendFirst() {
        for (Slot first = slots.peekFirst(); first != null && first.answered; first = slots.peekFirst()) {
            slots.removeFirst();
            if (first.end != null) {
                first.end.run();
            } else if (first.response != null) {
                sender.accept(first.response);
            }
        }
    }

    /** The connection is gone. */
    void close() {
        closed = true;
        for (Slot slot : slots) {
            release(slot.response);
            if (slot.whenOver != null) {
                slot.whenOver.run();
            }
        }
        slots.clear();
    }

    private static void release(@Nullable List<ByteBuf> buffers) {
        if (buffers != null) {
            buffers.forEach(ByteBuf::release);
        }
    }
}
