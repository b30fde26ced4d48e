package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.AlreadyClosedException;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.MessageProperties;
import com.rabbitmq.client.Return;
import java.util.Map;
import java.util.NavigableSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a publisher is told. */
@ExtendWith(AmqpExtension.class)
@Timeout(60)
final class PublishIT {
    private static final int MANY = 10_000;

    @Test
    void confirmsEveryMessage(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.name("confirmed");
        channel.queueDeclare(queue, true, false, false, null);
        channel.confirmSelect();
        NavigableSet<Long> open = new ConcurrentSkipListSet<>();
        CountDownLatch confirmed = new CountDownLatch(MANY);
        channel.addConfirmListener(
                (tag, multiple) -> {
                    NavigableSet<Long> settled = multiple ? open.headSet(tag, true) : open.subSet(tag, true, tag, true);
                    while (settled.pollFirst() != null) {
                        confirmed.countDown();
                    }
                },
                (tag, multiple) -> {
                    throw new AssertionError("refused " + tag);
                });
        for (int i = 0; i < MANY; i++) {
            open.add(channel.getNextPublishSeqNo());
            channel.basicPublish("", queue, MessageProperties.PERSISTENT_BASIC, Publish.bytes("message " + i));
        }
        assertThat(confirmed.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(channel.messageCount(queue)).isEqualTo(MANY);
    }

    @Test
    void numbersConfirmsFromConfirmSelectOn(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.exclusiveQueue(channel, "numbers");
        Publish.toQueue(channel, queue, "before");
        channel.confirmSelect();
        channel.confirmSelect();
        LinkedBlockingQueue<Long> tags = new LinkedBlockingQueue<>();
        channel.addConfirmListener((tag, multiple) -> tags.add(tag), (tag, multiple) -> tags.add(-tag));
        Publish.toQueue(channel, queue, "first");
        assertThat(tags.poll(10, TimeUnit.SECONDS)).isEqualTo(1);
    }

    @Test
    void confirmsWhatReachesNoQueue(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        Publish.confirmed(channel, amqp.name("nowhere"), "lost");
        channel.basicPublish("amq.fanout", "", MessageProperties.PERSISTENT_BASIC, new byte[1]);
        channel.waitForConfirmsOrDie(Publish.CONFIRM_LIMIT_MS);
    }

    @Test
    void returnsAMandatoryMessageThatReachesNoQueueAndThenConfirmsIt(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.name("nowhere");
        channel.confirmSelect();
        LinkedBlockingQueue<Object> events = new LinkedBlockingQueue<>();
        channel.addReturnListener((Return message) -> events.add(message));
        channel.addConfirmListener((tag, multiple) -> events.add(tag), (tag, multiple) -> events.add(-tag));
        channel.basicPublish(
                "",
                queue,
                true,
                Publish.properties().messageId("7").headers(Map.of("a", 1)).build(),
                Publish.bytes("come back"));
        assertThat(events.poll(10, TimeUnit.SECONDS)).isInstanceOfSatisfying(Return.class, message -> {
            assertThat(message.getReplyCode()).isEqualTo(312);
            assertThat(message.getReplyText()).isEqualTo("NO_ROUTE");
            assertThat(message.getExchange()).isEmpty();
            assertThat(message.getRoutingKey()).isEqualTo(queue);
            assertThat(message.getProperties().getMessageId()).isEqualTo("7");
            assertThat(message.getProperties().getHeaders()).containsEntry("a", 1);
            assertThat(message.getBody()).isEqualTo(Publish.bytes("come back"));
        });
        assertThat(events.poll(10, TimeUnit.SECONDS)).isEqualTo(1L);
    }

    @Test
    void doesNotReturnAMandatoryMessageThatReachesAQueue(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.exclusiveQueue(channel, "there");
        LinkedBlockingQueue<Return> returns = new LinkedBlockingQueue<>();
        channel.addReturnListener((Return message) -> returns.add(message));
        channel.confirmSelect();
        channel.basicPublish("", queue, true, null, new byte[1]);
        channel.waitForConfirmsOrDie(Publish.CONFIRM_LIMIT_MS);
        assertThat(returns).isEmpty();
    }

    @Test
    void refusesImmediate(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        channel.basicPublish("", "nowhere", false, true, null, new byte[1]);
        assertThat(Closed.of(channel).reason()).isEqualTo("540 NOT_IMPLEMENTED - immediate=true");
    }

    @Test
    void closesTheChannelThatPublishesToAMissingExchange(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String exchange = amqp.name("missing");
        channel.basicPublish(exchange, "", null, new byte[1]);
        assertThat(Closed.of(channel))
                .isEqualTo(Closed.channel(404, "NOT_FOUND - no exchange '" + exchange + "' in vhost '/'"));
        assertThat(channel.getConnection().isOpen()).isTrue();
    }

    @Test
    void takesWhatFollowsAFailedPublishOnAClosingChannelAndKeepsTheConnection(Amqp amqp) throws Exception {
        Channel failing = amqp.channel();
        Channel other = failing.getConnection().createChannel();
        String queue = amqp.exclusiveQueue(other, "other");
        failing.basicPublish(amqp.name("missing"), "", null, new byte[200_000]);
        try {
            for (int i = 0; i < 100; i++) {
                failing.basicPublish("", queue, null, new byte[1_000]);
            }
        } catch (AlreadyClosedException e) {
            assertThat(e.isHardError()).isFalse();
        }
        Publish.confirmed(other, queue, "still here");
        assertThat(other.isOpen()).isTrue();
    }

    @Test
    void refusesAUserIdThatIsNotTheUsers(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.exclusiveQueue(channel, "user");
        Channel honest = amqp.channel();
        honest.confirmSelect();
        honest.basicPublish("", queue, Publish.properties().userId("guest").build(), new byte[1]);
        honest.waitForConfirmsOrDie(Publish.CONFIRM_LIMIT_MS);
        channel.basicPublish("", queue, Publish.properties().userId("someone").build(), new byte[1]);
        assertThat(Closed.of(channel))
                .isEqualTo(Closed.channel(
                        406,
                        "PRECONDITION_FAILED - user_id property set to 'someone' but authenticated user was 'guest'"));
    }
}
