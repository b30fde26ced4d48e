package dev.sluice.amqp;

import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.Shard;

/**
 * Makes a connection that publishes wait while the records in memory take all that they may. A connection that only publishes waits until there is room. One that consumes as well goes on with
 * little bits, since the acknowledgements behind its publishes are what makes room. Confined to the connection's shard.
 */
final class PublishBrake {
    /** What a connection that also consumes may publish per {@link #PAUSE_MS} while memory is full. */
    static final int TRICKLE_BYTES = 64 * 1024;

    static final int PAUSE_MS = 100;

    private final Connection connection;
    private final Memory memory;
    private final Shard shard;
    private int allowedBytes;
    private boolean braking;
    private boolean told;

    /** The memory for records, as far as publishers are concerned. */
    interface Memory {
        boolean isFull();

        void whenFree(Runnable action);
    }

    /** What is slowed down. */
    interface Connection {
        /** Takes no further frame until {@link #goOn}. */
        void hold();

        void goOn();

        boolean consumes();

        /** Tells the client that its publishes wait. */
        void blocked();

        void unblocked();
    }

    static PublishBrake of(Connection connection, BrokerShard broker) {
        return new PublishBrake(connection, new NodeMemory(broker), broker.shard());
    }

    PublishBrake(Connection connection, Memory memory, Shard shard) {
        this.connection = connection;
        this.memory = memory;
        this.shard = shard;
    }

    /** A message with a body of so many bytes was published. */
    void published(int bodyBytes) {
        if (!memory.isFull() || braking) {
            return;
        }
        allowedBytes -= bodyBytes;
        if (told && allowedBytes > 0) {
            return;
        }
        braking = true;
        connection.hold();
        if (!told) {
            told = true;
            connection.blocked();
            memory.whenFree(this::release);
        }
        if (connection.consumes()) {
            shard.schedule(this::letSomeThrough, PAUSE_MS);
        }
    }

    /** The broker's gate on this shard. Immutable. */
    private record NodeMemory(BrokerShard broker) implements Memory {
        @Override
        public boolean isFull() {
            return broker.isMemoryFull();
        }

        @Override
        public void whenFree(Runnable action) {
            broker.whenMemoryFrees(action);
        }
    }

    private void letSomeThrough() {
        allowedBytes = TRICKLE_BYTES;
        goOn();
    }

    private void release() {
        told = false;
        connection.unblocked();
        goOn();
    }

    private void goOn() {
        if (braking) {
            braking = false;
            connection.goOn();
        }
    }
}
