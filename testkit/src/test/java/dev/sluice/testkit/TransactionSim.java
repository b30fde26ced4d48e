package dev.sluice.testkit;

import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.ConfirmSink;
import dev.sluice.broker.ConfirmWhen;
import dev.sluice.broker.Consumer;
import dev.sluice.broker.ConsumerSpec;
import dev.sluice.broker.DeliverySink;
import dev.sluice.broker.Outcome;
import dev.sluice.broker.QueueProperty;
import dev.sluice.broker.QueueSettings;
import dev.sluice.broker.QueueSpec;
import dev.sluice.broker.QueueStatistics;
import dev.sluice.broker.RecordAttributes;
import dev.sluice.broker.Refusal;
import dev.sluice.broker.Route;
import dev.sluice.broker.RouteHeader;
import dev.sluice.broker.Settlement;
import dev.sluice.broker.ShardTransaction;
import dev.sluice.log.RecordCursor;
import dev.sluice.log.RecordHeaders;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Confined to one thread. Tokens are taken from the queue {@code in} and processed in transactions, by consumers of both shards, on a machine that crashes at random: each token becomes one message in {@code a} and one in {@code b}; or it is
 * rejected with a report in {@code a}, and moves to {@code dead}; or it is where it was. The same is true at every start, whatever happened before.
 */
final class TransactionSim {
    private static final int TOKENS = 24;
    private static final int PREFETCH = 5;
    private static final int MOST_IN_ONE = 3;
    private static final int QUIET_STEPS = 400;

    /** Where a token's traces are: how many in each of these queues. */
    private enum Fate {
        WAITING(List.of(1, 0, 0, 0)),
        PROCESSED(List.of(0, 1, 1, 0)),
        REJECTED(List.of(0, 1, 0, 1));

        @SuppressWarnings("ImmutableEnumChecker") // it is
        private final List<Integer> counts;

        Fate(List<Integer> counts) {
            this.counts = counts;
        }
    }

    private static final List<String> QUEUES = List.of("in", "a", "b", "dead");

    private final Seeded random;
    final SimTrace trace = new SimTrace();
    private final Fate[] fates = new Fate[TOKENS];
    private final List<Worker> workers = new ArrayList<>();
    private final BrokerMachine machine;
    private int committed;

    TransactionSim(long seed) {
        random = new Seeded(seed);
        machine = new BrokerMachine(random, trace);
        Arrays.fill(fates, Fate.WAITING);
    }

    /** A consumer of {@code in}, and what it has not settled. */
    private final class Worker implements DeliverySink {
        private final SimShard home;
        private final List<Held> held = new ArrayList<>();
        private @Nullable Consumer consumer;

        private record Held(Consumer consumer, long delivery, int token) {}

        Worker(SimShard home) {
            this.home = home;
        }

        void open() {
            machine.on(
                    home,
                    view -> view.subscribe("in", new ConsumerSpec(false, false, PREFETCH, null), this, 0, outcome -> {
                        if (outcome instanceof Outcome.Done<Consumer>(Consumer made)) {
                            consumer = made;
                        }
                    }));
        }

        /** Its deliveries go back, but for those that a commit under way has. */
        void closeAndOpen() {
            machine.on(home, view -> {
                if (consumer != null) {
                    held.clear();
                    consumer.close();
                }
            });
            open();
        }

        void act() {
            machine.on(home, this::transact);
        }

        private void transact(BrokerShard view) {
            if (held.isEmpty()) {
                return;
            }
            ShardTransaction tx = view.beginTransaction();
            var taken = new ArrayList<Held>();
            var becomes = new ArrayList<Fate>();
            for (int i = random.between(1, MOST_IN_ONE); i > 0 && !held.isEmpty(); i--) {
                Held next = held.remove(random.below(held.size()));
                taken.add(next);
                becomes.add(gather(view, tx, next));
            }
            if (random.oneIn(6)) {
                tx.rollback();
                held.addAll(taken);
                return;
            }
            trace.add("commit " + taken.stream().map(Held::token).toList() + " as " + becomes);
            tx.commit(outcome -> committed(taken, becomes, outcome));
        }

        private Fate gather(BrokerShard view, ShardTransaction tx, Held next) {
            return switch (random.below(5)) {
                case 0 -> {
                    publish(view, tx, "a", next.token());
                    tx.settle(next.consumer(), next.delivery(), Settlement.REJECT);
                    yield Fate.REJECTED;
                }
                case 1 -> {
                    tx.settle(next.consumer(), next.delivery(), Settlement.RELEASE);
                    yield Fate.WAITING;
                }
                default -> {
                    publish(view, tx, "a", next.token());
                    publish(view, tx, "b", next.token());
                    tx.settle(next.consumer(), next.delivery(), Settlement.ACK);
                    yield Fate.PROCESSED;
                }
            };
        }

        private void committed(List<Held> taken, List<Fate> becomes, Outcome<Integer> outcome) {
            if (!machine.isUp()) {
                return; // nobody is there to hear it
            }
            switch (outcome) {
                case Outcome.Done<Integer> done -> {
                    committed++;
                    for (int i = 0; i < taken.size(); i++) {
                        if (becomes.get(i) != Fate.WAITING) {
                            fates[taken.get(i).token()] = becomes.get(i);
                        }
                    }
                    trace.add("committed " + taken.stream().map(Held::token).toList());
                }
                case Outcome.Refused<Integer>(Refusal refusal) -> {
                    trace.add("refused " + refusal);
                    held.addAll(taken.stream()
                            .filter(one -> one.consumer() == consumer)
                            .toList());
                }
            }
        }

        @Override
        public boolean ready() {
            return true;
        }

        @Override
        public void deliver(Consumer from, long delivery, RecordCursor record, int count, boolean redelivered) {
            if (consumer == null || from == consumer) {
                held.add(new Held(from, delivery, token(record)));
            }
        }

        @Override
        public void flush() {}

        @Override
        public void cancelled(Consumer cancelled) {}
    }

    private static int token(RecordCursor record) {
        return record.buffer().getInt(record.valueIndex());
    }

    // ---- lives ----

    void begin() {
        machine.begin();
        for (int i = 0; i < QUEUES.size(); i++) {
            String name = QUEUES.get(i);
            QueueSettings settings = QueueSettings.DEFAULT.with(QueueProperty.DELIVERY_LIMIT, -1);
            if (name.equals("in")) {
                settings = settings.with(QueueProperty.DEAD_LETTER_EXCHANGE, "")
                        .with(QueueProperty.DEAD_LETTER_ROUTING_KEY, "dead");
            }
            var spec = new QueueSpec(name, true, false, false, settings);
            boolean[] made = {false};
            machine.on(
                    machine.shards().get(i % machine.shards().size()),
                    view -> view.declareQueue(spec, 0, outcome -> made[0] = true));
            machine.runUntil(() -> made[0], "a queue is not made");
        }
        int[] stored = {0};
        machine.on(machine.shards().getFirst(), view -> {
            for (int token = 0; token < TOKENS; token++) {
                Route route = view.route("", "in", null);
                view.publish(
                        route,
                        RecordAttributes.NONE,
                        null,
                        body(token),
                        headers("in"),
                        ConfirmWhen.STORED,
                        counting(stored),
                        token);
            }
        });
        machine.runUntil(() -> stored[0] == TOKENS, "the tokens are not stored");
    }

    private static ConfirmSink counting(int[] stored) {
        return new ConfirmSink() {
            @Override
            public void stored(long first, long last) {
                stored[0] += (int) (last - first + 1);
            }

            @Override
            public void refused(long first, long last, Refusal refusal) {
                throw new AssertionError(refusal.toString());
            }
        };
    }

    private static void publish(BrokerShard view, ShardTransaction tx, String queue, int token) {
        tx.publish(view.route("", queue, null), RecordAttributes.NONE, null, body(token), headers(queue));
    }

    private static ByteBuf body(int token) {
        return Unpooled.buffer(100).writeInt(token).writeZero(90);
    }

    private static ByteBuf headers(String queue) {
        ByteBuf out = Unpooled.buffer();
        RecordHeaders.writeCount(out, 1);
        RecordHeaders.write(out, RouteHeader.KEY, RouteHeader.encode("", queue));
        return out;
    }

    /** Consumers work for a while; then the machine, or the process, goes down, and comes back. */
    void live(int actions, boolean gently) {
        workers.clear();
        for (SimShard shard : machine.shards()) {
            var worker = new Worker(shard);
            worker.open();
            workers.add(worker);
        }
        if (!gently) {
            machine.crashSoon(20 + 4 * actions);
        }
        for (int i = 0; i < actions && machine.isUp(); i++) {
            Worker worker = random.pick(workers);
            if (random.oneIn(12)) {
                worker.closeAndOpen();
            } else {
                worker.act();
            }
            machine.steps(random.below(60));
        }
        machine.steps(QUIET_STEPS);
        machine.restart();
        verify();
    }

    int committed() {
        return committed;
    }

    boolean isAnyWaiting() {
        return List.of(fates).contains(Fate.WAITING);
    }

    void close() {
        machine.close();
    }

    // ---- what must be true ----

    private void verify() {
        int[][] counts = new int[QUEUES.size()][];
        for (int i = 0; i < counts.length; i++) {
            counts[i] = look(
                    QUEUES.get(i),
                    machine.shards().get(random.below(machine.shards().size())));
        }
        for (int token = 0; token < TOKENS; token++) {
            verify(token, counts);
        }
    }

    private void verify(int token, int[][] counts) {
        Fate found = null;
        for (Fate fate : Fate.values()) {
            boolean is = true;
            for (int i = 0; i < counts.length; i++) {
                is &= counts[i][token] == fate.counts.get(i);
            }
            found = is ? fate : found;
        }
        String seen = "";
        for (int i = 0; i < counts.length; i++) {
            seen += " " + counts[i][token] + " times in " + QUEUES.get(i);
        }
        BrokerMachine.require(found != null, "token " + token + " is there in part:" + seen);
        BrokerMachine.require(
                fates[token] == Fate.WAITING || fates[token] == found,
                "token " + token + " was " + fates[token] + " and is" + seen);
        fates[token] = Objects.requireNonNull(found);
    }

    /** How often each token is in the queue; it stays as it is. */
    private int[] look(String queue, SimShard shard) {
        int[] counts = new int[TOKENS];
        long[] seen = {0};
        long[] ready = {-1};
        Consumer[] consumer = {null};
        machine.on(
                shard,
                view -> view.queueStatistics(queue, 0, outcome -> {
                    if (outcome instanceof Outcome.Done<QueueStatistics>(QueueStatistics statistics)) {
                        ready[0] = statistics.ready();
                    }
                }));
        machine.runUntil(() -> ready[0] >= 0, "queue " + queue + " does not answer");
        var sink = new DeliverySink() {
            @Override
            public boolean ready() {
                return true;
            }

            @Override
            public void deliver(Consumer from, long delivery, RecordCursor record, int count, boolean redelivered) {
                counts[token(record)]++;
                seen[0]++;
            }

            @Override
            public void flush() {}

            @Override
            public void cancelled(Consumer cancelled) {}
        };
        machine.on(
                shard,
                view -> view.subscribe(queue, new ConsumerSpec(false, false, 0, null), sink, 0, outcome -> {
                    if (outcome instanceof Outcome.Done<Consumer>(Consumer made)) {
                        consumer[0] = made;
                    }
                }));
        machine.runUntil(
                () -> seen[0] == ready[0] && consumer[0] != null, "queue " + queue + " does not deliver what it has");
        machine.on(shard, view -> consumer[0].close());
        machine.steps(QUIET_STEPS);
        return counts;
    }
}
