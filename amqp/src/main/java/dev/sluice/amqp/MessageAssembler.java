package dev.sluice.amqp;

import dev.sluice.net.ByteBudget;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Gathers the body of one message from its frames. The buffer grows with what arrives, not with what is claimed. Confined to the connection's shard.
 */
final class MessageAssembler {
    private final ByteBufAllocator allocator;
    private final ByteBudget budget;
    private @Nullable ByteBuf gathered;
    private int bodyBytes;

    MessageAssembler(ByteBufAllocator allocator, ByteBudget budget) {
        this.allocator = allocator;
        this.budget = budget;
    }

    /** A body of so many bytes, at least one, comes next. */
    void begin(int bytes) {
        bodyBytes = bytes;
    }

    /** Whether a frame with so many bytes is the whole body, and there is nothing to gather. */
    boolean isWhole(int frameBytes) {
        return frameBytes == bodyBytes && gathered == null;
    }

    /**
     * Copies a frame, which is not longer than what is missing.
     *
     * @return false if that would be more than all connections together may hold; the frame is not taken then
     */
    boolean add(ByteBuf in, int index, int length) {
        if (!budget.take(length)) {
            return false;
        }
        ByteBuf body = gathered;
        if (body == null) {
            body = allocator.directBuffer(Math.max(1, length), bodyBytes);
            gathered = body;
        }
        body.writeBytes(in, index, length);
        return true;
    }

    /** The gathered body, which belongs to the caller. */
    ByteBuf take() {
        ByteBuf body = Objects.requireNonNull(gathered);
        budget.giveBack(body.readableBytes());
        gathered = null;
        return body;
    }

    void release() {
        if (gathered != null) {
            budget.giveBack(gathered.readableBytes());
            gathered.release();
            gathered = null;
        }
    }
}
