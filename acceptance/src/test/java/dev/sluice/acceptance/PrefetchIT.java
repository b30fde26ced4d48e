package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** How many messages may be out without an acknowledgement. */
@ExtendWith(AmqpExtension.class)
@Timeout(60)
final class PrefetchIT {
    private static final int PUBLISHED = 20;

    @Test
    void limitsEachConsumer(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = filled(amqp, channel);
        channel.basicQos(3);
        Inbox first = Inbox.manual(channel, queue);
        Inbox second = Inbox.manual(channel, queue);
        Delivery delivery = first.next();
        first.nextTexts(2);
        second.nextTexts(3);
        first.expectNothingMore();
        second.expectNothingMore();
        assertThat(channel.messageCount(queue)).isEqualTo(PUBLISHED - 6);
        first.ack(delivery);
        assertThat(first.nextText()).isEqualTo("message 6");
        first.expectNothingMore();
        second.expectNothingMore();
    }

    @Test
    void leavesConsumersThatAreThereWhenTheLimitPerConsumerChanges(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = filled(amqp, channel);
        channel.basicQos(2);
        Inbox first = Inbox.manual(channel, queue);
        first.nextTexts(2);
        channel.basicQos(5);
        Inbox second = Inbox.manual(channel, queue);
        second.nextTexts(5);
        first.expectNothingMore();
        second.expectNothingMore();
    }

    @Test
    void limitsAllConsumersOfAChannelTogether(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = filled(amqp, channel);
        channel.basicQos(4, true);
        Inbox first = Inbox.manual(channel, queue);
        String other = amqp.exclusiveQueue(channel, "other");
        Publish.confirmed(channel, other, "a", "b");
        Inbox second = Inbox.manual(channel, other);
        first.nextTexts(4);
        first.expectNothingMore();
        second.expectNothingMore();
        channel.basicCancel(first.tag());
        channel.basicAck(0, true);
        assertThat(second.nextTexts(2)).containsExactly("a", "b");
    }

    @Test
    void sendsMoreAtOnceWhenTheLimitOfTheChannelGrows(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = filled(amqp, channel);
        channel.basicQos(2, true);
        Inbox inbox = Inbox.manual(channel, queue);
        inbox.nextTexts(2);
        inbox.expectNothingMore();
        channel.basicQos(5, true);
        inbox.nextTexts(3);
        inbox.expectNothingMore();
        channel.basicQos(0, true);
        inbox.nextTexts(PUBLISHED - 5);
    }

    @Test
    void waitsForAcknowledgementsWhenTheLimitOfTheChannelShrinks(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = filled(amqp, channel);
        channel.basicQos(4, true);
        Inbox inbox = Inbox.manual(channel, queue);
        List<Delivery> out = List.of(inbox.next(), inbox.next(), inbox.next(), inbox.next());
        channel.basicQos(2, true);
        inbox.ack(out.get(0));
        inbox.ack(out.get(1));
        inbox.expectNothingMore();
        inbox.ack(out.get(2));
        assertThat(inbox.nextText()).isEqualTo("message 4");
        inbox.expectNothingMore();
    }

    @Test
    void keepsBothLimits(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = filled(amqp, channel);
        channel.basicQos(3, false);
        channel.basicQos(5, true);
        Inbox first = Inbox.manual(channel, queue);
        first.nextTexts(3);
        first.expectNothingMore();
        Inbox second = Inbox.manual(channel, queue);
        second.nextTexts(2);
        second.expectNothingMore();
        first.expectNothingMore();
    }

    @Test
    void doesNotLimitConsumersThatNeverAcknowledge(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = filled(amqp, channel);
        channel.basicQos(1, false);
        channel.basicQos(1, true);
        Inbox.automatic(channel, queue).nextTexts(PUBLISHED);
    }

    @Test
    void doesNotCountWhatWasGotByHand(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = filled(amqp, channel);
        channel.basicQos(1);
        channel.basicGet(queue, false);
        channel.basicGet(queue, false);
        Inbox inbox = Inbox.manual(channel, queue);
        assertThat(inbox.nextText()).isEqualTo("message 2");
        inbox.expectNothingMore();
    }

    @Test
    void sendsTheNextWhenOneIsGivenBack(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = filled(amqp, channel);
        channel.basicQos(1);
        Inbox inbox = Inbox.manual(channel, queue);
        Delivery first = inbox.next();
        channel.basicNack(Inbox.tag(first), false, true);
        Delivery again = inbox.next();
        assertThat(Inbox.text(again)).isEqualTo("message 0");
        channel.basicReject(Inbox.tag(again), false);
        assertThat(inbox.nextText()).isEqualTo("message 1");
    }

    @Test
    void refusesALimitInBytes(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        Closed closed = Closed.by(() -> {
            channel.basicQos(100, 0, false);
            return "";
        });
        assertThat(closed.reason()).isEqualTo("540 NOT_IMPLEMENTED - prefetch_size!=0 (100)");
    }

    private static String filled(Amqp amqp, Channel channel) throws Exception {
        String queue = amqp.exclusiveQueue(channel, "prefetch");
        Publish.confirmed(
                channel,
                queue,
                IntStream.range(0, PUBLISHED).mapToObj(i -> "message " + i).toArray(String[]::new));
        return queue;
    }
}
