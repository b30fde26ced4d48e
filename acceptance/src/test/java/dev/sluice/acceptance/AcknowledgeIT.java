package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.GetResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Settling deliveries: acknowledged, given back, rejected. */
@ExtendWith(AmqpExtension.class)
@Timeout(60)
final class AcknowledgeIT {
    @Test
    void acknowledgesOne(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.exclusiveQueue(channel, "one");
        List<Long> tags = got(channel, queue, "a", "b", "c");
        channel.basicAck(tags.get(1), false);
        assertThat(left(channel, queue)).containsExactly("a", "c");
    }

    @Test
    void acknowledgesAllUpToOne(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.exclusiveQueue(channel, "up-to");
        List<Long> tags = got(channel, queue, "a", "b", "c", "d");
        channel.basicAck(tags.get(2), true);
        assertThat(left(channel, queue)).containsExactly("d");
    }

    @Test
    void acknowledgesEverythingWithTagZero(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.exclusiveQueue(channel, "everything");
        got(channel, queue, "a", "b", "c");
        channel.basicAck(0, true);
        assertThat(left(channel, queue)).isEmpty();
    }

    @Test
    void acknowledgesAcrossQueuesOfTheChannel(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String first = amqp.exclusiveQueue(channel, "first");
        String second = amqp.exclusiveQueue(channel, "second");
        got(channel, first, "a", "b");
        List<Long> tags = got(channel, second, "c", "d");
        channel.basicAck(tags.getFirst(), true);
        assertThat(left(channel, first)).isEmpty();
        assertThat(left(channel, second)).containsExactly("d");
    }

    @Test
    void givesBackToItsPlace(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.exclusiveQueue(channel, "place");
        List<Long> tags = got(channel, queue, "a", "b", "c", "d");
        Publish.confirmed(channel, queue, "e");
        channel.basicNack(tags.get(2), false, true);
        channel.basicNack(tags.get(0), false, true);
        assertThat(left(channel, queue, false)).containsExactly("a", "c", "e");
        channel.basicAck(0, true);
    }

    @Test
    void givesBackAllUpToOne(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.exclusiveQueue(channel, "up-to");
        List<Long> tags = got(channel, queue, "a", "b", "c");
        channel.basicNack(tags.get(1), true, true);
        assertThat(left(channel, queue, false)).containsExactly("a", "b");
    }

    @Test
    void redeliversOnlyTheOneThatCameBack(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.exclusiveQueue(channel, "redelivered");
        Publish.confirmed(channel, queue, "a", "b");
        Inbox inbox = Inbox.manual(channel, queue);
        Delivery first = inbox.next();
        assertThat(Inbox.redelivered(inbox.next())).isFalse();
        channel.basicNack(Inbox.tag(first), false, true);
        Delivery again = inbox.next();
        assertThat(Inbox.text(again)).isEqualTo("a");
        assertThat(Inbox.redelivered(again)).isTrue();
        assertThat(Inbox.tag(again)).isEqualTo(3);
    }

    @Test
    void rejectsForGood(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.exclusiveQueue(channel, "reject");
        List<Long> tags = got(channel, queue, "a", "b", "c");
        channel.basicReject(tags.get(0), false);
        channel.basicNack(tags.get(1), false, false);
        assertThat(left(channel, queue)).containsExactly("c");
    }

    @Test
    void rejectsAndGivesBack(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.exclusiveQueue(channel, "reject");
        List<Long> tags = got(channel, queue, "a");
        channel.basicReject(tags.getFirst(), true);
        GetResponse again = channel.basicGet(queue, true);
        assertThat(again.getBody()).isEqualTo(Publish.bytes("a"));
        assertThat(again.getEnvelope().isRedeliver()).isTrue();
    }

    @Test
    void recoversWhatIsOutstanding(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.exclusiveQueue(channel, "recover");
        Publish.confirmed(channel, queue, "a", "b");
        Inbox inbox = Inbox.manual(channel, queue);
        inbox.nextTexts(2);
        channel.basicRecover(true);
        Delivery first = inbox.next();
        assertThat(Inbox.text(first)).isEqualTo("a");
        assertThat(Inbox.redelivered(first)).isTrue();
        assertThat(inbox.nextText()).isEqualTo("b");
    }

    @Test
    void refusesToRecoverWithoutGivingBack(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        assertThat(Closed.by(() -> channel.basicRecover(false)).reason())
                .isEqualTo("540 NOT_IMPLEMENTED - requeue=false");
    }

    @Test
    void refusesATagThatWasNeverGiven(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        channel.basicAck(7, false);
        assertThat(Closed.of(channel)).isEqualTo(Closed.channel(406, "PRECONDITION_FAILED - unknown delivery tag 7"));
        Channel rejecting = amqp.channel();
        rejecting.basicReject(8, true);
        assertThat(Closed.of(rejecting)).isEqualTo(Closed.channel(406, "PRECONDITION_FAILED - unknown delivery tag 8"));
        Channel refusing = amqp.channel();
        refusing.basicNack(9, true, true);
        assertThat(Closed.of(refusing)).isEqualTo(Closed.channel(406, "PRECONDITION_FAILED - unknown delivery tag 9"));
    }

    @Test
    void refusesATagThatIsSettledAlready(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.exclusiveQueue(channel, "twice");
        List<Long> tags = got(channel, queue, "a");
        channel.basicAck(tags.getFirst(), false);
        channel.basicAck(tags.getFirst(), false);
        assertThat(Closed.of(channel)).isEqualTo(Closed.channel(406, "PRECONDITION_FAILED - unknown delivery tag 1"));
    }

    @Test
    void refusesToAcknowledgeWhatNeedsNone(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.exclusiveQueue(channel, "automatic");
        Publish.confirmed(channel, queue, "a");
        channel.basicAck(Inbox.tag(Inbox.automatic(channel, queue).next()), false);
        assertThat(Closed.of(channel)).isEqualTo(Closed.channel(406, "PRECONDITION_FAILED - unknown delivery tag 1"));
    }

    @Test
    void takesAnAcknowledgementForAQueueThatIsGone(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.name("gone");
        channel.queueDeclare(queue, false, false, false, null);
        List<Long> tags = got(channel, queue, "a");
        channel.queueDelete(queue);
        channel.basicAck(tags.getFirst(), false);
        assertThat(channel.queueDeclare().getMessageCount()).isZero();
    }

    /** Publishes and gets these messages; their delivery tags. */
    private static List<Long> got(Channel channel, String queue, String... texts) throws Exception {
        Publish.confirmed(channel, queue, texts);
        List<Long> tags = new ArrayList<>();
        for (int i = 0; i < texts.length; i++) {
            tags.add(channel.basicGet(queue, false).getEnvelope().getDeliveryTag());
        }
        return tags;
    }

    /** Gives back all that is outstanding and empties the queue. */
    private static List<String> left(Channel channel, String queue) throws Exception {
        channel.basicRecover(true);
        return left(channel, queue, true);
    }

    private static List<String> left(Channel channel, String queue, boolean autoAck) throws Exception {
        List<String> texts = new ArrayList<>();
        for (var got = channel.basicGet(queue, autoAck); got != null; got = channel.basicGet(queue, autoAck)) {
            texts.add(new String(got.getBody(), StandardCharsets.UTF_8));
        }
        return texts;
    }
}
