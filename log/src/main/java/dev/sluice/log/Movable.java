package dev.sluice.log;

import io.netty.buffer.ByteBuf;

/** A batch of a tail, retained for the flusher thread. Immutable but for the buffer's count. */
record Movable(long baseOffset, long lastOffset, ByteBuf batch) {}
