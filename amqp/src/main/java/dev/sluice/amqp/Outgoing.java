package dev.sluice.amqp;

import dev.sluice.broker.Shard;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one connection is about to send: everything of one turn of the shard goes into as few buffers as possible and is written with one flush at the end of the turn. Says when consumers have to
 * wait because the peer does not read, and tells them when it does again. Confined to the connection's shard.
 */
final class Outgoing {
    /** A buffer that holds more is handed to the socket before the end of the turn. */
    private static final int CHUNK_BYTES = 64 * 1024;

    private static final int SMALLEST_BYTES = 512;
    /** Replies that a peer asked for and does not read may pile up so far; then its requests wait. */
    private static final int MAX_UNREAD_BYTES = 8 * 1024 * 1024;

    private final Channel channel;
    private final Shard shard;
    private final Runnable endOfTurn = this::flush;
    private final List<Runnable> beforeFlush = new ArrayList<>();
    private final ArrayDeque<Runnable> starved = new ArrayDeque<>();
    private @Nullable ByteBuf buffer;
    private boolean scheduled;
    /** Handed to the socket in this turn. */
    private long writtenBytes;
    /** How much may be sent in this turn before the channel counts as not writable. */
    private long roomBytes;

    private int expectedBytes = SMALLEST_BYTES;
    private boolean sentSinceAsked;

    Outgoing(Channel channel, Shard shard) {
        this.channel = channel;
        this.shard = shard;
    }

    /** Where to append; good for one frame, or one message, which may be as large as it wants. */
    ByteBuf buffer() {
        ByteBuf open = buffer;
        if (open == null || open.writerIndex() >= CHUNK_BYTES) {
            open = nextBuffer();
        }
        return open;
    }

    private ByteBuf nextBuffer() {
        schedule();
        handOver();
        ByteBuf next = channel.alloc().directBuffer(expectedBytes);
        expectedBytes = CHUNK_BYTES;
        buffer = next;
        return next;
    }

    /** Runs {@code task} at the end of this turn, before what was written is flushed. */
    void beforeFlush(Runnable task) {
        beforeFlush.add(task);
        schedule();
    }

    /** Whether a delivery may be written now. */
    boolean hasRoom() {
        return scheduled ? pendingBytes() < roomBytes : channel.isWritable();
    }

    /** Runs {@code resume} when there is room again; to be called after {@link #hasRoom} said no. */
    void whenRoom(Runnable resume) {
        starved.add(resume);
    }

    /** Whether the peer leaves so much unread that none of its requests should be taken. */
    boolean isCongested() {
        if (channel.isWritable()) {
            return false;
        }
        var pending = channel.unsafe().outboundBuffer();
        return pending != null && pending.totalPendingWriteBytes() + pendingBytes() > MAX_UNREAD_BYTES;
    }

    /** Whether anything was sent since the last time that this was asked. */
    boolean takeSent() {
        boolean sent = sentSinceAsked;
        sentSinceAsked = false;
        return sent;
    }

    void flush() {
        for (int i = 0; i < beforeFlush.size(); i++) {
            beforeFlush.get(i).run();
        }
        beforeFlush.clear();
        handOver();
        int sent = (int) Math.min(writtenBytes, CHUNK_BYTES);
        expectedBytes = Math.max(SMALLEST_BYTES, Integer.highestOneBit(Math.max(1, sent - 1)) << 1);
        writtenBytes = 0;
        scheduled = false;
        channel.flush();
        resume();
    }

    /** Lets those go on who wait for room, one after the other as long as there is some. */
    void resume() {
        for (int i = starved.size(); i > 0 && hasRoom(); i--) {
            starved.removeFirst().run();
        }
    }

    /** Gives back what was not sent. */
    void release() {
        if (buffer != null) {
            buffer.release();
            buffer = null;
        }
        beforeFlush.clear();
        starved.clear();
    }

    private void schedule() {
        if (!scheduled) {
            scheduled = true;
            roomBytes = channel.bytesBeforeUnwritable();
            shard.execute(endOfTurn);
        }
    }

    private long pendingBytes() {
        ByteBuf open = buffer;
        return open == null ? writtenBytes : writtenBytes + open.readableBytes();
    }

    private void handOver() {
        ByteBuf full = buffer;
        if (full != null) {
            buffer = null;
            writtenBytes += full.readableBytes();
            sentSinceAsked = true;
            var _ = channel.write(full, channel.voidPromise());
        }
    }
}
