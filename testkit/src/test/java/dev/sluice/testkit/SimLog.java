package dev.sluice.testkit;

import dev.sluice.log.LogId;
import dev.sluice.log.LogSettings;
import dev.sluice.log.OpenCallback;
import dev.sluice.log.PartitionLog;
import dev.sluice.log.StorageException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Confined to the thread of the simulation. One log of a {@link LogSim} across crashes: the model, and the log if open. */
final class SimLog {
    enum State {
        CLOSED,
        OPENING,
        OPEN,
        CLOSING,
        DELETING,
        DELETED
    }

    final LogModel model;
    final LogSettings settings;
    private final SimGroups groups;
    State state = State.CLOSED;

    @Nullable
    PartitionLog log;
    /** It was opened once, so it exists until it is deleted. */
    boolean exists;
    /** Whether it was deleted on disk is unknown. */
    boolean deletionFailed;
    /** What it said when it refused because of damage. */
    @Nullable
    StorageException refusal;

    SimLog(LogId id, LogSettings settings, SimGroups groups) {
        this.settings = settings;
        this.groups = groups;
        model = new LogModel(id, settings.durability());
    }

    PartitionLog open() {
        PartitionLog open = log;
        if (open == null) {
            throw new IllegalStateException("log " + model.id + " is not open");
        }
        return open;
    }

    boolean isOpen() {
        return state == State.OPEN;
    }

    /** Checks every answer against the model, as long as the machine lives. */
    PartitionLog.Listener listener(BooleanSupplier isAlive, Consumer<String> trace) {
        return new PartitionLog.Listener() {
            @Override
            public void durable(long durableOffset) {
                if (isAlive.getAsBoolean()) {
                    trace.accept(model.id + " durable " + durableOffset);
                    model.durable(durableOffset);
                    groups.durable(SimLog.this, durableOffset);
                }
            }

            @Override
            public void stalled(String reason) {
                trace.accept(model.id + " stalled: " + reason);
            }

            @Override
            public void resumed() {
                trace.accept(model.id + " resumed");
            }

            @Override
            public void lost(StorageException cause) {
                if (isAlive.getAsBoolean()) {
                    throw new AssertionError("log " + model.id + " was lost", cause);
                }
            }
        };
    }

    OpenCallback opening(BooleanSupplier isAlive, Consumer<String> trace, boolean damageIsExpected, Runnable failed) {
        return new OpenCallback() {
            @Override
            public void opened(PartitionLog opened) {
                log = opened;
                if (!isAlive.getAsBoolean()) {
                    return;
                }
                trace.accept(model.id + " opened " + opened.startOffset() + ".." + opened.endOffset());
                state = State.OPEN;
                exists = true;
                deletionFailed = false;
                groups.opened(SimLog.this, opened.endOffset());
                model.opened(opened.startOffset(), opened.durableOffset(), opened.endOffset());
                restoreProgress(opened);
            }

            @Override
            public void failed(StorageException cause) {
                if (!isAlive.getAsBoolean()) {
                    return;
                }
                trace.accept(model.id + " not opened: " + cause.getMessage());
                state = State.CLOSED;
                if (cause.kind() == StorageException.Kind.CORRUPT) {
                    if (!damageIsExpected) {
                        throw new AssertionError("log " + model.id + " calls itself damaged", cause);
                    }
                    refusal = cause;
                }
                if (cause.kind() != StorageException.Kind.CLOSED) {
                    failed.run();
                }
            }
        };
    }

    /** As the broker does from its cursors. */
    private void restoreProgress(PartitionLog opened) {
        opened.trim(model.startOffset());
        for (long[] range : model.discardedRanges()) {
            opened.discard(range[0], range[1]);
        }
    }
}
