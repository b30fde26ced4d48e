package dev.sluice.kafka;

import dev.sluice.broker.PartitionStream;
import org.apache.kafka.common.protocol.Errors;

/** Whether a client knows the present start of the broker, in which each partition has an epoch of its own. Stateless. */
final class LeaderEpochs {
    /** A client that does not say. */
    static final int NONE = -1;

    private LeaderEpochs() {}

    /** {@link Errors#NONE} if the client is up to date, or does not say. */
    static Errors check(int epoch, PartitionStream partition) {
        int current = partition.leaderEpoch();
        if (epoch == NONE || epoch == current) {
            return Errors.NONE;
        }
        return epoch < current ? Errors.FENCED_LEADER_EPOCH : Errors.UNKNOWN_LEADER_EPOCH;
    }
}
