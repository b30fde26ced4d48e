package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.MessageProperties;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is still there after the broker was stopped or killed, and what is not. */
@Timeout(120)
final class DurabilityIT {
    /** How the broker ends. */
    enum End {
        STOPPED,
        KILLED
    }

    @ParameterizedTest
    @EnumSource
    void keepsPersistentMessagesInDurableQueues(End end, @TempDir Path data) throws Exception {
        try (SluiceProcess first = SluiceProcess.start(data)) {
            try (Connection connection = connect(first)) {
                Channel channel = connection.createChannel();
                channel.queueDeclare("durable", true, false, false, Map.of("x-max-length", 1000));
                Publish.durable(channel, "durable", "a", "b", "c");
                channel.basicPublish(
                        "",
                        "durable",
                        MessageProperties.PERSISTENT_TEXT_PLAIN
                                .builder()
                                .messageId("7")
                                .build(),
                        new byte[300_000]);
                channel.waitForConfirmsOrDie(Publish.CONFIRM_LIMIT_MS);
            }
            end(first, end);
            try (SluiceProcess second = first.restart();
                    Connection connection = connect(second)) {
                Channel channel = connection.createChannel();
                channel.queueDeclare("durable", true, false, false, Map.of("x-max-length", 1000));
                Inbox inbox = Inbox.manual(channel, "durable");
                assertThat(inbox.nextTexts(3)).containsExactly("a", "b", "c");
                var large = inbox.next();
                assertThat(large.getProperties().getMessageId()).isEqualTo("7");
                assertThat(large.getProperties().getContentType()).isEqualTo("text/plain");
                assertThat(large.getBody()).isEqualTo(new byte[300_000]);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void keepsExchangesAndBindings(End end, @TempDir Path data) throws Exception {
        try (SluiceProcess first = SluiceProcess.start(data)) {
            try (Connection connection = connect(first)) {
                Channel channel = connection.createChannel();
                channel.exchangeDeclare("news", "topic", true);
                channel.exchangeDeclare("all", "fanout", true);
                channel.queueDeclare("reader", true, false, false, null);
                channel.queueDeclare("unbound", true, false, false, null);
                channel.exchangeBind("all", "news", "#");
                channel.queueBind("reader", "all", "");
                channel.queueBind("unbound", "all", "");
                channel.queueUnbind("unbound", "all", "");
                channel.queueDeclare("deleted", true, false, false, null);
                channel.queueDelete("deleted");
            }
            end(first, end);
            try (SluiceProcess second = first.restart();
                    Connection connection = connect(second)) {
                Channel channel = connection.createChannel();
                channel.confirmSelect();
                channel.basicPublish("news", "today", MessageProperties.PERSISTENT_BASIC, Publish.bytes("arrived"));
                channel.waitForConfirmsOrDie(Publish.CONFIRM_LIMIT_MS);
                assertThat(channel.basicGet("reader", true).getBody()).isEqualTo(Publish.bytes("arrived"));
                assertThat(channel.messageCount("unbound")).isZero();
                assertThat(Closed.by(() -> channel.queueDeclarePassive("deleted"))
                                .code())
                        .isEqualTo(404);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void forgetsTransientQueuesAndTransientMessages(End end, @TempDir Path data) throws Exception {
        try (SluiceProcess first = SluiceProcess.start(data)) {
            try (Connection connection = connect(first)) {
                Channel channel = connection.createChannel();
                channel.queueDeclare("transient", false, false, false, null);
                channel.queueDeclare("durable", true, false, false, null);
                channel.exchangeDeclare("transient", "fanout", false);
                Publish.durable(channel, "transient", "gone with its queue");
                Publish.durable(channel, "durable", "kept");
                Publish.confirmed(channel, "durable", "may be gone");
            }
            end(first, end);
            try (SluiceProcess second = first.restart();
                    Connection connection = connect(second)) {
                assertThat(Closed.by(() -> connection.createChannel().queueDeclarePassive("transient"))
                                .code())
                        .isEqualTo(404);
                assertThat(Closed.by(() -> connection.createChannel().exchangeDeclarePassive("transient"))
                                .code())
                        .isEqualTo(404);
                GetResponse kept = connection.createChannel().basicGet("durable", true);
                assertThat(kept.getBody()).isEqualTo(Publish.bytes("kept"));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void remembersWhatWasAcknowledgedAndRedeliversTheRest(End end, @TempDir Path data) throws Exception {
        try (SluiceProcess first = SluiceProcess.start(data)) {
            Connection connection = connect(first);
            Channel channel = connection.createChannel();
            channel.queueDeclare("work", true, false, false, null);
            Publish.durable(channel, "work", "a", "b", "c", "d");
            List<GetResponse> got = List.of(
                    channel.basicGet("work", false), channel.basicGet("work", false), channel.basicGet("work", false));
            channel.basicAck(got.get(0).getEnvelope().getDeliveryTag(), false);
            channel.basicAck(got.get(2).getEnvelope().getDeliveryTag(), false);
            // What is confirmed later on the same queue shows that the acknowledgements before it are safe.
            Publish.durable(channel, "work", "e");
            end(first, end);
            connection.abort();
            try (SluiceProcess second = first.restart();
                    Connection again = connect(second)) {
                Channel after = again.createChannel();
                Inbox inbox = Inbox.manual(after, "work");
                assertThat(inbox.nextTexts(3)).containsExactly("b", "d", "e");
                inbox.expectNothingMore();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void keepsWhatWasPurgedAndDeletedAway(End end, @TempDir Path data) throws Exception {
        try (SluiceProcess first = SluiceProcess.start(data)) {
            try (Connection connection = connect(first)) {
                Channel channel = connection.createChannel();
                for (String queue : List.of("purged", "declared-again")) {
                    channel.queueDeclare(queue, true, false, false, null);
                    Publish.durable(channel, queue, "a", "b");
                }
                channel.queuePurge("purged");
                channel.queueDelete("declared-again");
                channel.queueDeclare("declared-again", true, false, false, null);
                Publish.durable(channel, "declared-again", "c");
            }
            end(first, end);
            try (SluiceProcess second = first.restart();
                    Connection connection = connect(second)) {
                Channel channel = connection.createChannel();
                AMQP.Queue.DeclareOk purged = channel.queueDeclarePassive("purged");
                assertThat(purged.getMessageCount()).isZero();
                assertThat(Inbox.automatic(channel, "declared-again").nextTexts(1))
                        .containsExactly("c");
            }
        }
    }

    private static Connection connect(SluiceProcess sluice) throws Exception {
        return Amqp.factory(sluice.amqpPort()).newConnection();
    }

    private static void end(SluiceProcess sluice, End end) throws InterruptedException {
        switch (end) {
            case STOPPED -> assertThat(sluice.stop()).isIn(0, 143);
            case KILLED -> sluice.kill();
        }
    }
}
