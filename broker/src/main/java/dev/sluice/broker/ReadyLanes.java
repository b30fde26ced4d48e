package dev.sluice.broker;

import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * How many records are ready in the lanes of one queue, and which lanes have any, so that finding the next costs about the same for one lane and for 256. The lanes' backlogs keep it true. Confined to the queue's shard.
 */
final class ReadyLanes {
    private final BitSet lanes = new BitSet();
    private final @Nullable LaneAging aging;
    private long total;

    /** {@code aging} is told when a lane's head may have become an older one; null when nobody asks for ages. */
    ReadyLanes(@Nullable LaneAging aging) {
        this.aging = aging;
    }

    /** The lane has {@code ready} ready records now, {@code more} more than before. */
    void changed(int lane, long more, long ready) {
        total += more;
        lanes.set(lane, ready > 0);
        if (ready == more) {
            headChanged(lane); // it had none
        }
    }

    /** A record that is older than the lane's head may be ready again. */
    void headChanged(int lane) {
        if (aging != null) {
            aging.headChanged(lane);
        }
    }

    /** Of all lanes together. */
    long total() {
        return total;
    }

    /** The highest lane below {@code lane} that has something ready; -1 if none has. */
    int highestBelow(int lane) {
        return lanes.previousSetBit(lane - 1);
    }

    /** The lowest lane from {@code lane} on that has something ready; -1 if none has. */
    int lowestFrom(int lane) {
        return lanes.nextSetBit(lane);
    }
}
