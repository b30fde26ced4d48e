package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.broker.StoryEvent.Kind;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Asking what happened to a message. */
@Timeout(60)
class StoryTest {
    private static final String QUEUE = TimedBroker.QUEUE;
    private static final long HOUR_MS = 3_600_000;
    private static final QueueSettings SETTINGS = QueueSettings.DEFAULT.with(QueueProperty.STORY, HOUR_MS);

    @TempDir
    private Path folder;

    @Test
    void tellsTheWholeLifeOfAMessageAlsoAfterARestart() throws InterruptedException {
        QueueSettings settings = SETTINGS.with(QueueProperty.DEAD_LETTER_EXCHANGE, "")
                .with(QueueProperty.DEAD_LETTER_ROUTING_KEY, "dead");
        List<StoryEvent> told;
        try (var timed = TimedBroker.open(folder, settings)) {
            timed.broker.declareQueue("dead");
            publish(timed, "other", "k2");
            publish(timed, "m1", "k1");
            timed.subscribe(2);
            timed.next("other").ack();
            timed.pass(1000);
            timed.next("m1").release();
            timed.next("m1").reject();
            while (timed.statistics().deadLettered() == 0) {
                Thread.onSpinWait();
            }
            told = story(timed, StoryQuery.ofId("m1")).events();
            assertThat(told)
                    .extracting(StoryEvent::kind)
                    .containsExactly(
                            Kind.STORED,
                            Kind.DELIVERED,
                            Kind.RELEASED,
                            Kind.DELIVERED,
                            Kind.REJECTED,
                            Kind.DEAD_LETTERED);
            assertThat(told).extracting(StoryEvent::position).containsOnly(new RecordPosition(0, 1));
            assertThat(told.getFirst().names()).containsExactly("", QUEUE, "k1", "m1");
            assertThat(told.getFirst().timeMs()).isEqualTo(TimedBroker.START_MS);
            assertThat(told.get(2).timeMs()).isEqualTo(TimedBroker.START_MS + 1000);
            assertThat(told.get(1).consumer()).isZero();
            assertThat(told.get(1).deliveryCount()).isZero();
            assertThat(told.get(3).deliveryCount()).isEqualTo(1);
            assertThat(told.getLast().names()).containsExactly("dead");
            assertThat(kinds(timed, StoryQuery.ofKey("k2"))).containsExactly(Kind.STORED, Kind.DELIVERED, Kind.ACKED);
        }
        try (var timed = TimedBroker.open(folder, settings, TimedBroker.START_MS + 2000)) {
            assertThat(story(timed, StoryQuery.ofId("m1")).events()).isEqualTo(told);
            assertThat(story(timed, StoryQuery.ofKey("k1")).events()).isEqualTo(told);
            Story at = story(timed, StoryQuery.at(new RecordPosition(0, 1)));
            assertThat(at).isEqualTo(new Story(told, true, 0));
        }
    }

    @Test
    void forgetsWhatIsOlderThanItsTime() throws InterruptedException {
        try (var timed = TimedBroker.open(folder, SETTINGS)) {
            publish(timed, "old", "k");
            timed.pass(HOUR_MS - 1000);
            publish(timed, "new", "k");
            timed.statistics();
            assertThat(kinds(timed, StoryQuery.ofKey("k"))).containsExactly(Kind.STORED, Kind.STORED);
            timed.pass(2000);
            assertThat(kinds(timed, StoryQuery.ofId("old"))).isEmpty();
            assertThat(kinds(timed, StoryQuery.ofKey("k"))).containsExactly(Kind.STORED);
            timed.subscribe(1);
            timed.next("old").ack();
            timed.statistics();
            assertThat(kinds(timed, StoryQuery.at(new RecordPosition(0, 0))))
                    .as("what happened later")
                    .containsExactly(Kind.DELIVERED, Kind.ACKED);
            assertThat(told(timed)).as("in the log, until it is looked at").isPositive();
            timed.pass(2 * HOUR_MS);
            assertThat(told(timed)).isZero();
        }
    }

    @Test
    void aQueueWithoutItWritesNothingAndSaysWhatToDo() throws InterruptedException {
        try (var timed = TimedBroker.open(folder, QueueSettings.DEFAULT)) {
            publish(timed, "m", "k");
            timed.subscribe(1);
            timed.next("m").ack();
            timed.statistics();
            assertThat(told(timed)).isZero();
            assertThatThrownBy(() -> story(timed, StoryQuery.ofId("m"))).hasMessageContaining("declare it with story");
        }
    }

    @Test
    void tellsHowMessagesGoThatNobodyTakes() {
        QueueSettings settings =
                SETTINGS.with(QueueProperty.MESSAGE_TTL, 1000).withMaxLength(2, QueueSettings.Overflow.DROP_OLDEST);
        try (var timed = TimedBroker.open(folder, settings)) {
            for (String id : List.of("dropped", "expired 1", "expired 2")) {
                publish(timed, id, "k");
            }
            timed.statistics();
            timed.pass(1000);
            timed.statistics();
            publish(timed, "purged", "k");
            timed.broker.purgeQueue(QUEUE);
            assertThat(kinds(timed, StoryQuery.ofId("dropped"))).containsExactly(Kind.STORED, Kind.DROPPED_AT_LIMIT);
            assertThat(kinds(timed, StoryQuery.ofId("expired 1"))).containsExactly(Kind.STORED, Kind.EXPIRED);
            assertThat(kinds(timed, StoryQuery.ofId("expired 2"))).containsExactly(Kind.STORED, Kind.EXPIRED);
            assertThat(kinds(timed, StoryQuery.ofId("purged"))).containsExactly(Kind.STORED, Kind.PURGED);
        }
    }

    @Test
    void aPurgeIsNoPartOfTheStoryOfWhatAConsumerHas() throws InterruptedException {
        try (var timed = TimedBroker.open(folder, SETTINGS)) {
            publish(timed, "taken", "k");
            publish(timed, "ready", "k");
            Subscription subscription = timed.subscribe(1);
            timed.next("taken");
            timed.broker.purgeQueue(QUEUE);
            subscription.close();
            timed.statistics();
            assertThat(kinds(timed, StoryQuery.ofId("ready"))).containsExactly(Kind.STORED, Kind.PURGED);
            assertThat(kinds(timed, StoryQuery.ofId("taken")))
                    .containsExactly(Kind.STORED, Kind.DELIVERED, Kind.CONSUMER_GONE);
        }
    }

    @Test
    void tellsWhatOperatorsAndLeasesDid() throws InterruptedException {
        try (var timed = TimedBroker.open(folder, SETTINGS.with(QueueProperty.CONSUMER_TIMEOUT, 1000))) {
            timed.broker.declareQueue("target");
            publish(timed, "m", "k");
            Subscription subscription = timed.subscribe(1);
            timed.next("m");
            timed.pass(1000);
            timed.statistics();
            subscription.close();
            timed.broker
                    .tools()
                    .start(QUEUE, TransferRequest.move(new TransferTarget.ToQueue("target")))
                    .join();
            while (timed.statistics().moved() == 0) {
                Thread.onSpinWait();
            }
            List<StoryEvent> told = story(timed, StoryQuery.ofId("m")).events();
            assertThat(told)
                    .extracting(StoryEvent::kind)
                    .containsExactly(Kind.STORED, Kind.DELIVERED, Kind.LEASE_OVER, Kind.MOVED);
            assertThat(told.getLast().names()).containsExactly("target");
        }
    }

    @Test
    void findsADeduplicationId() {
        try (var timed = TimedBroker.open(folder, SETTINGS)) {
            timed.broker
                    .publish(QUEUE, Message.of("a").withDeduplicationId("d 1"))
                    .join();
            timed.statistics();
            assertThat(story(timed, StoryQuery.ofId("d 1")).events().getFirst().names())
                    .containsExactly("", QUEUE, "", "");
            assertThat(kinds(timed, StoryQuery.ofKey(QUEUE)))
                    .as("by the routing key, as it has no key")
                    .containsExactly(Kind.STORED);
        }
    }

    @Test
    void tellsOfASubscriptionWhatItsTopicStored() throws InterruptedException {
        try (var timed = TimedBroker.open(folder, QueueSettings.DEFAULT)) {
            QueueSettings topic = SETTINGS.with(QueueProperty.QUEUE_TYPE, QueueSpec.TOPIC);
            timed.broker.declareQueue(new QueueSpec("topic", true, false, false, topic));
            QueueSettings reads = SETTINGS.with(QueueProperty.TOPIC, "topic");
            timed.broker.declareQueue(new QueueSpec("reader", true, false, false, reads));
            timed.broker
                    .publish("topic", new Message(bytes("a"), Map.of("message-id", "m"), null))
                    .join();
            timed.subscribe("reader", 1);
            timed.next("a").ack();
            timed.statistics();
            assertThat(timed.broker
                            .tools()
                            .story("reader", StoryQuery.ofId("m"))
                            .join()
                            .events())
                    .extracting(StoryEvent::kind)
                    .containsExactly(Kind.STORED, Kind.DELIVERED, Kind.ACKED);
        }
    }

    @Test
    void answersAreBounded() {
        try (var timed = TimedBroker.open(folder, SETTINGS)) {
            int count = StorySearch.MOST_PER_TURN + StorySearch.MOST_RECORDS + 1;
            var stored = new ArrayList<CompletableFuture<Integer>>();
            for (int i = 0; i < count; i++) {
                String key = i < StorySearch.MOST_RECORDS + 1 ? "many" : "last " + i;
                stored.add(timed.broker.publish(QUEUE, new Message(bytes("x"), Map.of(), bytes(key))));
            }
            stored.forEach(CompletableFuture::join);
            timed.statistics();
            Story many = story(timed, StoryQuery.ofKey("many"));
            assertThat(many.events()).hasSize(StorySearch.MOST_RECORDS);
            assertThat(many.isWhole()).isFalse();
            Story some = story(timed, StoryQuery.ofKey("many").atMost(3));
            assertThat(some.events()).hasSize(3);
            assertThat(some.isWhole()).isFalse();
            Story last = story(timed, StoryQuery.ofKey("last " + (count - 1)));
            assertThat(last.events()).hasSize(1);
            assertThat(last.isWhole()).isTrue();
        }
    }

    @Test
    void leavesOutAndCountsWhatIsTooMuchForOneTurn() {
        try (var timed = TimedBroker.open(folder, SETTINGS)) {
            byte[] key = new byte[StoryNote.MOST_TEXT_BYTES];
            Transaction transaction = timed.broker.beginTransaction();
            int count = 2 * StoryLog.MOST_BYTES_PER_TURN / key.length;
            for (int i = 0; i < count; i++) {
                transaction.publish("", QUEUE, new Message(bytes("x"), Map.of(), key));
            }
            transaction.commit();
            Story story = story(timed, StoryQuery.at(new RecordPosition(0, 0)));
            assertThat(story.events()).hasSize(1);
            assertThat(story.leftOut()).isBetween(1L, (long) count);
            assertThat(timed.statistics().ready()).isEqualTo(count);
        }
    }

    @Test
    void refusesTooManyAtTheSameTimeAndAsksForOneThing() {
        try (var timed = TimedBroker.open(folder, SETTINGS)) {
            var stored = new ArrayList<CompletableFuture<Integer>>();
            for (int i = 0; i < 10_000; i++) {
                stored.add(timed.broker.publish(QUEUE, Message.of("x")));
            }
            stored.forEach(CompletableFuture::join);
            var answers = new ArrayList<CompletableFuture<Story>>();
            for (int i = 0; i < 10 * QueueJobs.MOST_SEARCHES; i++) {
                answers.add(timed.broker.tools().story(QUEUE, StoryQuery.ofId("none")));
            }
            int refused = 0;
            for (CompletableFuture<Story> answer : answers) {
                try {
                    assertThat(answer.join().events()).isEmpty();
                } catch (java.util.concurrent.CompletionException busy) {
                    assertThat(busy).hasMessageContaining("BUSY");
                    refused++;
                }
            }
            assertThat(refused).isBetween(1, answers.size() - QueueJobs.MOST_SEARCHES);
            assertThatThrownBy(() -> new StoryQuery("a", "b", null, 1)).hasMessageContaining("one of id, key");
            assertThatThrownBy(() -> StoryQuery.ofId("a").atMost(0)).hasMessageContaining("from 1 to 1000");
        }
    }

    /** Events in the log, after the turn in which what was done before takes effect. */
    private static long told(TimedBroker timed) {
        BrokerShard shard = timed.broker.view();
        return CompletableFuture.supplyAsync(
                        () -> shard.storyLog().log().endOffset()
                                - shard.storyLog().log().startOffset(),
                        shard.shard())
                .join();
    }

    private static void publish(TimedBroker timed, String id, String key) {
        timed.broker
                .publish(QUEUE, new Message(bytes(id), Map.of("message-id", id), bytes(key)))
                .join();
    }

    private static List<Kind> kinds(TimedBroker timed, StoryQuery query) {
        return story(timed, query).events().stream().map(StoryEvent::kind).toList();
    }

    private static Story story(TimedBroker timed, StoryQuery query) {
        return timed.broker.tools().story(QUEUE, query).join();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
