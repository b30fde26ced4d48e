package dev.sluice.amqp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.MessageProperties;
import com.rabbitmq.client.ShutdownSignalException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Channels in transactional mode, with a real client and queues on several shards. */
@Timeout(60)
class TransactionSessionTest {
    @TempDir
    Path folder;

    private RunningGateway gateway;
    private Connection connection;
    private Channel tx;
    private Connection other;
    private Channel plain;

    @BeforeEach
    void start() throws Exception {
        gateway = new RunningGateway(folder);
        connection = gateway.connect();
        other = gateway.connect();
        plain = other.createChannel();
        tx = connection.createChannel();
        tx.txSelect();
        tx.queueDeclare("here", true, false, false, null);
        plain.queueDeclare("there", true, false, false, null);
        plain.queueDeclare("passing", false, false, false, null);
    }

    @AfterEach
    void stop() throws Exception {
        connection.abort();
        other.abort();
        gateway.close();
    }

    @Test
    void nothingHappensBeforeTheCommit() throws Exception {
        publish(plain, "there", "a");
        GetResponse a = get(tx, "there");
        publish(tx, "here", "b");
        publish(tx, "there", "c");
        publish(tx, "passing", "d");
        tx.basicAck(tag(a), false);
        assertThat(plain.messageCount("here")).isZero();
        assertThat(plain.messageCount("there")).isZero();
        tx.txCommit();
        assertThat(plain.messageCount("here")).isEqualTo(1);
        assertThat(plain.messageCount("there")).isEqualTo(1);
        assertThat(plain.messageCount("passing")).isEqualTo(1);
        assertThat(text(get(plain, "there"))).isEqualTo("c");
        // And the next one begins by itself.
        publish(tx, "here", "e");
        assertThat(plain.messageCount("here")).isEqualTo(1);
        tx.txCommit();
        assertThat(plain.messageCount("here")).isEqualTo(2);
        tx.txCommit();
    }

    @Test
    void aRollbackForgetsPublishesAndLeavesDeliveriesUnsettled() throws Exception {
        for (String text : List.of("a", "b", "c", "d")) {
            publish(plain, "there", text);
        }
        long[] tags = new long[4];
        for (int i = 0; i < tags.length; i++) {
            tags[i] = tag(get(tx, "there"));
        }
        publish(tx, "here", "x");
        tx.basicAck(tags[2], false);
        tx.basicReject(tags[0], false);
        tx.basicAck(tags[1], true);
        tx.txRollback();
        assertThat(plain.messageCount("here")).isZero();
        tx.basicAck(tags[0], false);
        tx.basicNack(tags[2], true, true);
        tx.txCommit();
        assertThat(text(get(plain, "there"))).isEqualTo("b");
        assertThat(text(get(plain, "there"))).isEqualTo("c");
        assertThat(plain.basicGet("there", true)).isNull();
        tx.basicAck(tags[3], false);
        tx.txCommit();
    }

    @Test
    void aDeliveryIsSettledOnceAlsoWithinATransaction() throws Exception {
        publish(plain, "there", "a");
        long tag = tag(get(tx, "there"));
        tx.basicAck(tag, false);
        assertChannelError("PRECONDITION_FAILED - unknown delivery tag " + tag, () -> {
            tx.basicAck(tag, false);
            tx.txCommit();
        });
        assertThat(get(plain, "there").getEnvelope().isRedeliver()).isTrue();
    }

    @Test
    void whatIsNotCommittedWhenTheChannelClosesComesBack() throws Exception {
        publish(plain, "there", "a");
        publish(plain, "there", "b");
        tx.basicAck(tag(get(tx, "there")), false);
        GetResponse b = get(tx, "there");
        assertThat(text(b)).isEqualTo("b");
        publish(tx, "here", "x");
        tx.close();
        assertThat(text(get(plain, "there"))).isEqualTo("a");
        assertThat(text(get(plain, "there"))).isEqualTo("b");
        assertThat(plain.messageCount("here")).isZero();
    }

    @Test
    void acknowledgementsGivePrefetchBackWhenTheyAreCommitted() throws Exception {
        publish(plain, "there", "a");
        publish(plain, "there", "b");
        tx.basicQos(1);
        var tags = new java.util.concurrent.LinkedBlockingQueue<Long>();
        tx.basicConsume(
                "there",
                false,
                (consumer, delivery) -> tags.add(delivery.getEnvelope().getDeliveryTag()),
                consumer -> {});
        tx.basicAck(tags.take(), false);
        assertThat(plain.messageCount("there")).isEqualTo(1);
        tx.txCommit();
        assertThat(tags.take()).isEqualTo(2);
    }

    @Test
    void aMandatoryMessageThatLeadsNowhereComesBackBeforeTheCommitIsAnswered() throws Exception {
        var returned = new ArrayList<String>();
        tx.addReturnListener(message -> returned.add(new String(message.getBody(), StandardCharsets.UTF_8)));
        tx.basicPublish("", "nowhere", true, MessageProperties.PERSISTENT_BASIC, bytes("lost"));
        tx.txRollback();
        tx.basicPublish("", "nowhere", true, MessageProperties.PERSISTENT_BASIC, bytes("back"));
        publish(tx, "here", "x");
        tx.txCommit();
        assertThat(returned).containsExactly("back");
        assertThat(plain.messageCount("here")).isEqualTo(1);
    }

    @Test
    void aQueueThatIsFullRefusesTheWhole() throws Exception {
        plain.queueDeclare("full", true, false, false, Map.of("x-max-length", 0, "x-overflow", "reject-publish"));
        publish(plain, "there", "a");
        tx.basicAck(tag(get(tx, "there")), false);
        publish(tx, "here", "b");
        publish(tx, "full", "c");
        assertChannelError(
                "PRECONDITION_FAILED - nothing was committed: queue 'full' in vhost '/' is full: it holds its limit of 0",
                tx::txCommit);
        assertThat(plain.messageCount("here")).isZero();
        assertThat(text(get(plain, "there"))).isEqualTo("a");
    }

    @Test
    void aDeliveryThatWasTakenBackRefusesTheWhole() throws Exception {
        plain.queueDeclare("hasty", true, false, false, Map.of("x-consumer-timeout", 1));
        publish(plain, "hasty", "a");
        GetResponse late = get(tx, "hasty");
        GetResponse again = plain.basicGet("hasty", true);
        while (again == null) {
            again = plain.basicGet("hasty", true);
        }
        assertThat(text(again)).isEqualTo("a");
        tx.basicAck(tag(late), false);
        publish(tx, "here", "b");
        assertChannelError(
                "PRECONDITION_FAILED - nothing was committed: a delivery of queue 'hasty' in vhost '/' is not the consumer's any more: the time to settle it is over, or it was settled otherwise",
                tx::txCommit);
        assertThat(plain.messageCount("here")).isZero();
    }

    @Test
    void aTransactionIsNoLargerThanOneWrite() throws Exception {
        byte[] large = new byte[20_000];
        for (int i = 0; i < 4; i++) {
            tx.basicPublish("", "here", MessageProperties.PERSISTENT_BASIC, large);
        }
        assertChannelError(
                "PRECONDITION_FAILED - the transaction is too large: it is larger than 64 KiB", tx::txCommit);
        assertThat(plain.messageCount("here")).isZero();
        assertThat(connection.isOpen()).isTrue();
    }

    @Test
    void confirmsAndTransactionsExcludeEachOther() throws Exception {
        assertChannelError("PRECONDITION_FAILED - cannot switch from tx to confirm mode", tx::confirmSelect);
        tx = connection.createChannel();
        tx.confirmSelect();
        assertChannelError("PRECONDITION_FAILED - cannot switch from confirm to tx mode", tx::txSelect);
        tx = connection.createChannel();
        assertChannelError("PRECONDITION_FAILED - channel is not transactional", tx::txCommit);
        tx = connection.createChannel();
        assertChannelError("PRECONDITION_FAILED - channel is not transactional", tx::txRollback);
        tx = connection.createChannel();
        tx.txSelect();
        tx.txSelect();
    }

    @Test
    void anExchangeThatIsNotThereClosesTheChannelAtOnce() {
        assertChannelError("NOT_FOUND - no exchange 'nowhere' in vhost '/'", () -> {
            tx.basicPublish("nowhere", "", null, bytes("x"));
            tx.txCommit();
        });
    }

    @Test
    void aRejectedMessageGoesToTheDeadLettersWithTheTransaction() throws Exception {
        Map<String, Object> toDead = Map.of("x-dead-letter-exchange", "", "x-dead-letter-routing-key", "there");
        tx.queueDeclare("work", true, false, false, toDead);
        publish(plain, "work", "a");
        tx.basicReject(tag(get(tx, "work")), false);
        publish(tx, "here", "report");
        assertThat(plain.messageCount("there")).isZero();
        tx.txCommit();
        GetResponse dead = get(plain, "there");
        assertThat(text(dead)).isEqualTo("a");
        assertThat(dead.getProps().getHeaders()).containsKey("x-death");
        assertThat(plain.messageCount("here")).isEqualTo(1);
    }

    /** Tokens go back and forth between queues of two shards, moved by channels of both, some of which vanish at any moment. */
    @Test
    void noTokenIsLostOrDoubledBetweenShards() throws Exception {
        int tokens = 40;
        for (int i = 0; i < tokens; i++) {
            publish(plain, i % 2 == 0 ? "here" : "there", "token " + i);
        }
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var movers = new ArrayList<Future<Void>>();
            for (int i = 0; i < 4; i++) {
                movers.add(threads.submit(mover(i)));
            }
            for (Future<Void> mover : movers) {
                mover.get();
            }
        }
        var found = new ArrayList<String>();
        for (String queue : List.of("here", "there")) {
            for (GetResponse next = plain.basicGet(queue, true); next != null; next = plain.basicGet(queue, true)) {
                found.add(text(next));
            }
        }
        assertThat(found).hasSize(tokens).doesNotHaveDuplicates();
    }

    private Callable<Void> mover(int number) {
        return () -> {
            var random = new Random(number);
            Connection own = gateway.connect();
            Channel channel = transactional(own);
            for (int i = 0; i < 60; i++) {
                boolean back = random.nextBoolean();
                GetResponse token = channel.basicGet(back ? "there" : "here", false);
                if (token == null) {
                    continue;
                }
                publish(channel, back ? "here" : "there", text(token));
                channel.basicAck(tag(token), false);
                switch (random.nextInt(6)) {
                    case 0 -> channel.txRollback();
                    case 1 -> {
                        channel.abort();
                        channel = transactional(own);
                    }
                    case 2 -> {
                        // The commit may be under way when the connection goes.
                        channel.asyncRpc(new AMQP.Tx.Commit.Builder().build());
                        own.abort(0);
                        own = gateway.connect();
                        channel = transactional(own);
                    }
                    default -> channel.txCommit();
                }
            }
            own.close();
            return null;
        };
    }

    private static Channel transactional(Connection connection) throws Exception {
        Channel channel = connection.createChannel();
        channel.txSelect();
        return channel;
    }

    private static void publish(Channel channel, String queue, String text) throws Exception {
        channel.basicPublish("", queue, MessageProperties.PERSISTENT_BASIC, bytes(text));
    }

    /** What is published without confirms comes soon. */
    private static GetResponse get(Channel channel, String queue) throws Exception {
        GetResponse got = channel.basicGet(queue, false);
        while (got == null) {
            got = channel.basicGet(queue, false);
        }
        return got;
    }

    private static long tag(GetResponse got) {
        return got.getEnvelope().getDeliveryTag();
    }

    private static String text(GetResponse got) {
        return new String(got.getBody(), StandardCharsets.UTF_8);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private void assertChannelError(String text, ThrowingCallable use) {
        assertThatThrownBy(use)
                .satisfies(failure -> assertThat(replyText(failure)).isEqualTo(text));
        assertThat(tx.isOpen()).isFalse();
        assertThat(connection.isOpen()).isTrue();
    }

    private static String replyText(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof ShutdownSignalException signal
                    && signal.getReason() instanceof AMQP.Channel.Close close) {
                return close.getReplyText();
            }
        }
        return String.valueOf(failure);
    }
}
