package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Channels of one connection live and die on their own. */
@ExtendWith(AmqpExtension.class)
@Timeout(60)
final class ChannelIT {
    private static final int MANY_CHANNELS = 500;

    @Test
    void servesManyChannelsOfOneConnection(Amqp amqp) throws Exception {
        Connection connection = amqp.connection();
        List<Channel> channels = new ArrayList<>();
        for (int i = 0; i < MANY_CHANNELS; i++) {
            channels.add(connection.createChannel());
        }
        String queue = amqp.exclusiveQueue(channels.getFirst(), "channels");
        for (int i = 0; i < MANY_CHANNELS; i++) {
            Publish.confirmed(channels.get(i), queue, "channel " + i);
        }
        Inbox inbox = Inbox.automatic(channels.getLast(), queue);
        for (int i = 0; i < MANY_CHANNELS; i++) {
            assertThat(inbox.nextText()).isEqualTo("channel " + i);
        }
    }

    @Test
    void letsAClosedNumberBeOpenedAgain(Amqp amqp) throws Exception {
        Connection connection = amqp.connection();
        for (int i = 0; i < 10; i++) {
            Channel channel = connection.createChannel(7);
            assertThat(channel.getChannelNumber()).isEqualTo(7);
            channel.close();
        }
    }

    @Test
    void keepsTheOtherChannelsWhenOneIsClosedByAnError(Amqp amqp) throws Exception {
        Connection connection = amqp.connection();
        Channel failing = connection.createChannel();
        Channel other = connection.createChannel();
        assertThat(Closed.by(() -> failing.queueDeclarePassive(amqp.name("missing")))
                        .code())
                .isEqualTo(404);
        assertThat(connection.isOpen()).isTrue();
        other.queueDeclare();
        Channel again = connection.createChannel(failing.getChannelNumber());
        again.queueDeclare();
    }

    @Test
    void requeuesWhatAClosedChannelHasNotAcknowledged(Amqp amqp) throws Exception {
        Connection connection = amqp.connection();
        Channel first = connection.createChannel();
        String queue = amqp.exclusiveQueue(first, "unsettled");
        Publish.confirmed(first, queue, "a", "b", "c");
        Inbox inbox = Inbox.manual(first, queue);
        inbox.ack(inbox.next());
        inbox.nextTexts(2);
        first.close();

        Inbox again = Inbox.manual(connection.createChannel(), queue);
        var next = again.next();
        assertThat(Inbox.text(next)).isEqualTo("b");
        assertThat(Inbox.redelivered(next)).isTrue();
        assertThat(again.nextText()).isEqualTo("c");
    }

    @Test
    void numbersDeliveriesPerChannelFromOne(Amqp amqp) throws Exception {
        Connection connection = amqp.connection();
        Channel first = connection.createChannel();
        Channel second = connection.createChannel();
        String queue = amqp.exclusiveQueue(first, "tags");
        String other = amqp.exclusiveQueue(first, "tags");
        Publish.confirmed(first, queue, "a", "b");
        Publish.confirmed(first, other, "c");
        Inbox inbox = Inbox.manual(first, queue);
        assertThat(Inbox.tag(inbox.next())).isEqualTo(1);
        assertThat(Inbox.tag(inbox.next())).isEqualTo(2);
        assertThat(Inbox.tag(Inbox.manual(second, other).next())).isEqualTo(1);
    }
}
