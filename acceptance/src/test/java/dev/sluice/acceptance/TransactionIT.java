package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.MessageProperties;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Consume, process and produce in transactions: what comes of each message arrives once, whatever happens on the way. */
@Timeout(180)
final class TransactionIT {
    private static final int MESSAGES = 1_500;
    private static final int KILLS = 4;
    private static final int PREFETCH = 50;
    private static final int MOST_IN_ONE = 7;

    @Test
    void aKilledBrokerNeitherLosesNorDoublesWhatIsProcessedInTransactions(@TempDir Path data) throws Exception {
        SluiceProcess sluice = SluiceProcess.start(data);
        try {
            String[] texts =
                    IntStream.range(0, MESSAGES).mapToObj(Integer::toString).toArray(String[]::new);
            try (Connection first = connect(sluice);
                    Connection second = connect(sluice)) {
                // Queues belong to the shard of the connection that made them.
                first.createChannel().queueDeclare("orders", true, false, false, null);
                second.createChannel().queueDeclare("invoices", true, false, false, null);
                first.createChannel().queueDeclare("parcels", true, false, false, null);
                Publish.durable(first.createChannel(), "orders", texts);
            }
            for (int i = 0; i < KILLS; i++) {
                sluice = killWhileProcessing(sluice);
            }
            try (Connection connection = connect(sluice)) {
                process(connection, MESSAGES);
                assertThat(connection.createChannel().messageCount("orders")).isZero();
                for (String queue : List.of("invoices", "parcels")) {
                    Inbox inbox = Inbox.automatic(connection.createChannel(), queue);
                    assertThat(inbox.nextTexts(MESSAGES)).containsExactlyInAnyOrder(texts);
                    inbox.expectNothingMore();
                }
            }
        } finally {
            sluice.close();
        }
    }

    /** The kill comes while commits are under way, of which some were not answered. */
    private static SluiceProcess killWhileProcessing(SluiceProcess sluice) throws Exception {
        Connection connection = connect(sluice);
        process(connection, MESSAGES / (KILLS + 2));
        Thread more = Thread.ofVirtual().start(() -> {
            try {
                process(connection, MESSAGES);
            } catch (Exception ended) {
                assertThat(connection.isOpen()).isFalse();
            }
        });
        Channel watch = connection.createChannel();
        long before = watch.messageCount("invoices");
        while (watch.messageCount("invoices") < before + PREFETCH) {
            Thread.onSpinWait();
        }
        sluice.kill();
        more.join();
        connection.abort();
        return sluice.restart();
    }

    /** Processes so many messages, or all that there are, a few in each transaction. */
    private static void process(Connection connection, int most) throws Exception {
        Channel channel = connection.createChannel();
        channel.txSelect();
        channel.basicQos(PREFETCH);
        Inbox orders = Inbox.manual(channel, "orders");
        int done = 0;
        while (done < most && (orders.size() > 0 || waits(connection, orders))) {
            Delivery delivery = orders.next();
            for (String queue : List.of("invoices", "parcels")) {
                channel.basicPublish("", queue, MessageProperties.PERSISTENT_BASIC, delivery.getBody());
            }
            orders.ack(delivery);
            done++;
            if (done % MOST_IN_ONE == 0 || orders.size() == 0) {
                channel.txCommit();
            }
        }
        channel.txCommit();
        channel.close();
    }

    private static boolean waits(Connection connection, Inbox orders) throws Exception {
        try (Channel watch = connection.createChannel()) {
            return watch.messageCount("orders") > 0 || orders.size() > 0;
        }
    }

    private static Connection connect(SluiceProcess sluice) throws Exception {
        return Amqp.factory(sluice.amqpPort()).newConnection();
    }
}
