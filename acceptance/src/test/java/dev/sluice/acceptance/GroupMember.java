package dev.sluice.acceptance;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;

/**
 * One member of a group, which notes what it reads and commits after every poll, on a thread of its own. The volatile
 * fields are written by one side and read by the other, as each says.
 */
final class GroupMember {
    private static final Duration POLL = Duration.ofMillis(50);
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final Consumer<String, String> consumer;
    private final GroupLog log;
    private final Thread thread;

    /** Set by the test's thread: how to end. */
    private volatile GroupMembershipOperation ending = GroupMembershipOperation.DEFAULT;

    /** Set by the test's thread: to end. */
    private volatile boolean stopped;

    /** Set by the member's thread: what it owns. */
    private volatile Set<TopicPartition> owned = Set.of();

    private GroupMember(Consumer<String, String> consumer, GroupLog log) {
        this.consumer = consumer;
        this.log = log;
        thread = Thread.ofPlatform().daemon().unstarted(this::run);
    }

    /** A member of this group, with these settings besides, that begins to read. */
    static GroupMember join(Kafka kafka, String group, String topic, GroupLog log, Map<String, Object> settings) {
        Consumer<String, String> consumer = kafka.member(group, settings);
        GroupMember member = new GroupMember(consumer, log);
        consumer.subscribe(List.of(topic), member.new Listener());
        member.thread.start();
        return member;
    }

    Set<TopicPartition> owned() {
        return owned;
    }

    /** Leaves the group. */
    void leave() throws InterruptedException {
        end(GroupMembershipOperation.LEAVE_GROUP);
    }

    /** Goes without a word, as one does whose machine has lost its power. */
    void die() throws InterruptedException {
        end(GroupMembershipOperation.REMAIN_IN_GROUP);
    }

    private void end(GroupMembershipOperation operation) throws InterruptedException {
        ending = operation;
        stopped = true;
        thread.join(LIMIT);
        if (thread.isAlive()) {
            throw new AssertionError("the member did not end within " + LIMIT);
        }
    }

    private void run() {
        try {
            while (!stopped) {
                ConsumerRecords<String, String> records = consumer.poll(POLL);
                records.forEach(record -> log.seen(Integer.parseInt(record.value())));
                if (!records.isEmpty()) {
                    commit();
                }
            }
        } finally {
            consumer.close(CloseOptions.groupMembershipOperation(ending).withTimeout(LIMIT));
        }
    }

    private void commit() {
        try {
            consumer.commitSync();
        } catch (RebalanceInProgressException | CommitFailedException e) {
            // The next poll takes part in what goes on. What is not committed comes again.
        }
    }

    private final class Listener implements ConsumerRebalanceListener {
        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            commit();
        }

        /** Others have them already. */
        @Override
        public void onPartitionsLost(Collection<TopicPartition> partitions) {}

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            owned = consumer.assignment();
        }
    }
}
