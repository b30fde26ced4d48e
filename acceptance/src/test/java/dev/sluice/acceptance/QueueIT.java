package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Declaring, binding, purging and deleting queues. */
@ExtendWith(AmqpExtension.class)
@Timeout(60)
final class QueueIT {
    @Test
    void declaresAndCounts(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.name("counted");
        AMQP.Queue.DeclareOk created = channel.queueDeclare(queue, true, false, false, null);
        assertThat(created.getQueue()).isEqualTo(queue);
        assertThat(created.getMessageCount()).isZero();
        assertThat(created.getConsumerCount()).isZero();

        Publish.confirmed(channel, queue, "a", "b");
        AMQP.Queue.DeclareOk again = channel.queueDeclare(queue, true, false, false, null);
        assertThat(again.getMessageCount()).isEqualTo(2);

        Inbox inbox = Inbox.manual(channel, queue);
        inbox.nextTexts(2);
        AMQP.Queue.DeclareOk consumed = channel.queueDeclarePassive(queue);
        assertThat(consumed.getConsumerCount()).isEqualTo(1);
        assertThat(consumed.getMessageCount()).isZero();
        assertThat(channel.consumerCount(queue)).isEqualTo(1);
    }

    @Test
    void namesAQueueWhereTheClientDoesNot(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String first = channel.queueDeclare().getQueue();
        String second = channel.queueDeclare().getQueue();
        assertThat(first).startsWith("amq.gen-").isNotEqualTo(second);
        // From now on an empty name stands for the queue declared last on the channel.
        channel.queueBind("", "amq.direct", "");
        Publish.confirmed(channel, second, "a");
        assertThat(channel.basicGet("", true).getBody()).isEqualTo(Publish.bytes("a"));
    }

    @Test
    void declaresWithoutWaiting(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.name("nowait");
        channel.queueDeclareNoWait(queue, false, false, true, Map.of());
        channel.queueBindNoWait(queue, "amq.fanout", "", Map.of());
        assertThat(channel.queueDeclarePassive(queue).getQueue()).isEqualTo(queue);
        channel.queueDeleteNoWait(queue, false, false);
        assertThat(Closed.by(() -> channel.queueDeclarePassive(queue)).code()).isEqualTo(404);
    }

    @Test
    void refusesAnotherDurability(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.name("durable");
        channel.queueDeclare(queue, true, false, false, null);
        assertThat(Closed.by(() -> channel.queueDeclare(queue, false, false, false, null)))
                .isEqualTo(Closed.channel(406, inequivalent("durable", queue, "'false'", "'true'")));
    }

    @Test
    void refusesAnotherAutoDeletion(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.name("auto-delete");
        channel.queueDeclare(queue, false, false, false, null);
        assertThat(Closed.by(() -> channel.queueDeclare(queue, false, false, true, null)))
                .isEqualTo(Closed.channel(406, inequivalent("auto_delete", queue, "'true'", "'false'")));
    }

    @Test
    void refusesOtherArguments(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.name("arguments");
        channel.queueDeclare(queue, false, false, false, Map.of("x-max-length", 10));
        // Releases of RabbitMQ differ in whether they name the types.
        Closed other = Closed.by(() -> channel.queueDeclare(queue, false, false, false, Map.of("x-max-length", 11)));
        assertThat(other.code()).isEqualTo(406);
        assertThat(other.text())
                .startsWith("PRECONDITION_FAILED - inequivalent arg 'x-max-length' for queue '" + queue + "'")
                .containsPattern("received.*'11'.* but current is.*'10'");
        Channel without = amqp.channel();
        Closed none = Closed.by(() -> without.queueDeclare(queue, false, false, false, null));
        assertThat(none.code()).isEqualTo(406);
        assertThat(none.text()).contains("received none but current is the value '10'");
    }

    @Test
    void takesTheSameArgumentInAnotherWidth(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.name("width");
        channel.queueDeclare(queue, false, false, false, Map.of("x-expires", 60_000));
        channel.queueDeclare(queue, false, false, false, Map.of("x-expires", 60_000L));
    }

    @Test
    void refusesArgumentsThatMakeNoSense(Amqp amqp) throws Exception {
        Channel negative = amqp.channel();
        assertThat(Closed.by(() -> negative.queueDeclare(
                                amqp.name("negative"), false, false, false, Map.of("x-max-length", -1)))
                        .code())
                .isEqualTo(406);
        Channel text = amqp.channel();
        assertThat(Closed.by(() -> text.queueDeclare(
                                amqp.name("text"), false, false, false, Map.of("x-message-ttl", "soon")))
                        .code())
                .isEqualTo(406);
        Channel overflow = amqp.channel();
        assertThat(Closed.by(() -> overflow.queueDeclare(
                                amqp.name("overflow"), false, false, false, Map.of("x-overflow", "spill")))
                        .code())
                .isEqualTo(406);
    }

    @Test
    void refusesReservedNames(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        assertThat(Closed.by(() -> channel.queueDeclare("amq.mine", false, false, false, null)))
                .isEqualTo(
                        Closed.channel(403, "ACCESS_REFUSED - queue name 'amq.mine' contains reserved prefix 'amq.*'"));
    }

    @Test
    void saysThatAMissingQueueIsMissing(Amqp amqp) throws Exception {
        String queue = amqp.name("missing");
        Closed missing = Closed.channel(404, "NOT_FOUND - no queue '" + queue + "' in vhost '/'");
        Channel declaring = amqp.channel();
        assertThat(Closed.by(() -> declaring.queueDeclarePassive(queue))).isEqualTo(missing);
        Channel getting = amqp.channel();
        assertThat(Closed.by(() -> getting.basicGet(queue, true))).isEqualTo(missing);
        Channel consuming = amqp.channel();
        assertThat(Closed.by(() -> Inbox.manual(consuming, queue))).isEqualTo(missing);
        Channel purging = amqp.channel();
        assertThat(Closed.by(() -> purging.queuePurge(queue))).isEqualTo(missing);
        Channel binding = amqp.channel();
        assertThat(Closed.by(() -> binding.queueBind(queue, "amq.direct", ""))).isEqualTo(missing);
    }

    @Test
    void refusesToBindToAMissingExchange(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.exclusiveQueue(channel, "bound");
        String exchange = amqp.name("missing");
        assertThat(Closed.by(() -> channel.queueBind(queue, exchange, "")))
                .isEqualTo(Closed.channel(404, "NOT_FOUND - no exchange '" + exchange + "' in vhost '/'"));
    }

    @Test
    void refusesToBindToTheDefaultExchange(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.exclusiveQueue(channel, "bound");
        assertThat(Closed.by(() -> channel.queueBind(queue, "", "key")))
                .isEqualTo(Closed.channel(403, "ACCESS_REFUSED - operation not permitted on the default exchange"));
    }

    @Test
    void unbindsWhatWasNeverBound(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.exclusiveQueue(channel, "unbound");
        channel.queueUnbind(queue, "amq.direct", "no such key");
    }

    @Test
    void keepsAnExclusiveQueueFromOtherConnections(Amqp amqp) throws Exception {
        Channel owner = amqp.channel();
        String queue = amqp.exclusiveQueue(owner, "exclusive");
        // A reply text ends where a short string ends.
        String text = "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '" + queue + "' in vhost '/'. "
                + "It could be originally declared on another connection or the exclusive property value "
                + "does not match that of the original declaration.";
        Closed locked = Closed.channel(405, text.substring(0, 252) + "...");
        Channel passive = amqp.channel();
        assertThat(Closed.by(() -> passive.queueDeclarePassive(queue))).isEqualTo(locked);
        Channel declaring = amqp.channel();
        assertThat(Closed.by(() -> declaring.queueDeclare(queue, false, true, false, null)))
                .isEqualTo(locked);
        Channel getting = amqp.channel();
        assertThat(Closed.by(() -> getting.basicGet(queue, true))).isEqualTo(locked);
        Channel consuming = amqp.channel();
        assertThat(Closed.by(() -> Inbox.manual(consuming, queue))).isEqualTo(locked);
        Channel deleting = amqp.channel();
        assertThat(Closed.by(() -> deleting.queueDelete(queue))).isEqualTo(locked);

        // Anybody may publish to it, and all channels of the connection may use it.
        Channel publisher = amqp.channel();
        Publish.confirmed(publisher, queue, "a");
        assertThat(owner.getConnection().createChannel().basicGet(queue, true).getBody())
                .isEqualTo(Publish.bytes("a"));
    }

    @Test
    void deletesAnExclusiveQueueWithItsConnection(Amqp amqp) throws Exception {
        Connection connection = amqp.connection();
        String queue = amqp.exclusiveQueue(connection.createChannel(), "exclusive");
        connection.close();
        Channel channel = amqp.channel();
        assertThat(Closed.by(() -> channel.queueDeclarePassive(queue)).code()).isEqualTo(404);
    }

    @Test
    void deletesAnAutoDeleteQueueWithItsLastConsumer(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.name("auto-delete");
        channel.queueDeclare(queue, false, false, true, null);
        channel.queueDeclarePassive(queue);
        String first = channel.basicConsume(queue, true, (tag, delivery) -> {}, tag -> {});
        String second = channel.basicConsume(queue, true, (tag, delivery) -> {}, tag -> {});
        channel.basicCancel(first);
        channel.queueDeclarePassive(queue);
        channel.basicCancel(second);
        assertThat(Closed.by(() -> channel.queueDeclarePassive(queue)).code()).isEqualTo(404);
    }

    @Test
    void deletesAQueueThatNobodyHasUsedForItsTime(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String exchange = amqp.name("alternate");
        String queue = amqp.name("expiring");
        channel.exchangeDeclare(exchange, "fanout");
        channel.queueDeclare(queue, false, false, false, Map.of("x-expires", 300));
        channel.queueBind(queue, exchange, "");
        // Mandatory messages come back as soon as the queue is gone.
        CountDownLatch returned = new CountDownLatch(1);
        channel.addReturnListener(message -> returned.countDown());
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        do {
            assertThat(System.nanoTime()).isLessThan(deadline);
            channel.basicPublish(exchange, "", true, null, new byte[1]);
        } while (!returned.await(50, TimeUnit.MILLISECONDS));
        assertThat(Closed.by(() -> channel.queueDeclarePassive(queue)).code()).isEqualTo(404);
    }

    @Test
    void dropsWhatHasOutlivedTheTimeToLiveOfItsQueue(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.name("ttl");
        channel.queueDeclare(queue, false, false, true, Map.of("x-message-ttl", 50));
        Publish.confirmed(channel, queue, "old");
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (channel.messageCount(queue) > 0) {
            assertThat(System.nanoTime()).isLessThan(deadline);
        }
        assertThat(channel.basicGet(queue, true)).isNull();
    }

    @Test
    void dropsTheOldestWhereTheQueueIsTooLong(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.name("max-length");
        channel.queueDeclare(queue, false, false, true, Map.of("x-max-length", 3, "x-overflow", "drop-head"));
        Publish.confirmed(channel, queue, "a", "b", "c", "d", "e");
        assertThat(channel.messageCount(queue)).isEqualTo(3);
        assertThat(Inbox.automatic(channel, queue).nextTexts(3)).containsExactly("c", "d", "e");
    }

    @Test
    void refusesMoreWhereAFullQueueRejects(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.name("reject-publish");
        channel.queueDeclare(queue, false, false, true, Map.of("x-max-length", 1, "x-overflow", "reject-publish"));
        Publish.confirmed(channel, queue, "a");
        channel.basicPublish("", queue, null, Publish.bytes("b"));
        assertThat(channel.waitForConfirms(Publish.CONFIRM_LIMIT_MS)).isFalse();
        assertThat(channel.messageCount(queue)).isEqualTo(1);
    }

    @Test
    void purgesWhatIsReadyAndKeepsWhatIsOut(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.exclusiveQueue(channel, "purged");
        Publish.confirmed(channel, queue, "a", "b", "c");
        long out = channel.basicGet(queue, false).getEnvelope().getDeliveryTag();
        assertThat(channel.queuePurge(queue).getMessageCount()).isEqualTo(2);
        assertThat(channel.messageCount(queue)).isZero();
        channel.basicNack(out, false, true);
        assertThat(Inbox.automatic(channel, queue).nextText()).isEqualTo("a");
    }

    @Test
    void deletesAQueueAndTellsHowMuchWasInIt(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.name("deleted");
        channel.queueDeclare(queue, true, false, false, null);
        Publish.confirmed(channel, queue, "a", "b");
        assertThat(channel.queueDelete(queue).getMessageCount()).isEqualTo(2);
        assertThat(channel.queueDeclare(queue, true, false, false, null).getMessageCount())
                .isZero();
    }

    @Test
    void deletesAMissingQueueGladly(Amqp amqp) throws Exception {
        assertThat(amqp.channel().queueDelete(amqp.name("missing")).getMessageCount())
                .isZero();
    }

    @Test
    void deletesOnlyAnUnusedQueueWhereAskedTo(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.name("used");
        channel.queueDeclare(queue, false, false, false, null);
        Inbox.manual(channel, queue);
        Channel deleting = amqp.channel();
        assertThat(Closed.by(() -> deleting.queueDelete(queue, true, false)))
                .isEqualTo(Closed.channel(406, "PRECONDITION_FAILED - queue '" + queue + "' in vhost '/' in use"));
    }

    @Test
    void deletesOnlyAnEmptyQueueWhereAskedTo(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.name("filled");
        channel.queueDeclare(queue, false, false, false, null);
        Publish.confirmed(channel, queue, "a");
        Channel deleting = amqp.channel();
        assertThat(Closed.by(() -> deleting.queueDelete(queue, false, true)))
                .isEqualTo(Closed.channel(406, "PRECONDITION_FAILED - queue '" + queue + "' in vhost '/' not empty"));
        channel.queuePurge(queue);
        channel.queueDelete(queue, true, true);
    }

    private static String inequivalent(String argument, String queue, String received, String current) {
        return "PRECONDITION_FAILED - inequivalent arg '" + argument + "' for queue '" + queue
                + "' in vhost '/': received " + received + " but current is " + current;
    }
}
