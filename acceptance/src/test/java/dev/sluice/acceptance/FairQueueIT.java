package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Queues that serve those whom the messages belong to in turn. */
@ExtendWith(AmqpExtension.class)
@Timeout(60)
final class FairQueueIT {
    private static final int NOISY = 2_000;
    private static final int QUIET_TENANTS = 10;

    @Test
    void quietTenantsDoNotWaitForTheNoisyOne(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.name("fair");
        channel.queueDeclare(
                queue, true, false, false, Map.of("x-ordering", "fair", "x-ordering-key-header", "tenant"));
        channel.confirmSelect();
        for (int i = 0; i < NOISY; i++) {
            publish(channel, queue, "noisy", String.valueOf(i));
        }
        for (int tenant = 0; tenant < QUIET_TENANTS; tenant++) {
            publish(channel, queue, "quiet" + tenant, "quiet");
        }
        channel.waitForConfirmsOrDie(Publish.CONFIRM_LIMIT_MS);
        channel.basicQos(1);
        Inbox inbox = Inbox.manual(channel, queue);
        List<String> noisy = new ArrayList<>();
        int quiet = 0;
        int lastQuiet = 0;
        for (int i = 0; i < NOISY + QUIET_TENANTS; i++) {
            Delivery delivery = inbox.next();
            inbox.ack(delivery);
            if (Inbox.text(delivery).equals("quiet")) {
                quiet++;
                lastQuiet = i;
            } else {
                noisy.add(Inbox.text(delivery));
            }
        }
        assertThat(quiet).isEqualTo(QUIET_TENANTS);
        // The queue learns of them within a few turns, in each of which it reads a thousand messages ahead.
        assertThat(lastQuiet)
                .as("deliveries before that of the last quiet tenant")
                .isLessThan(100);
        assertThat(noisy).hasSize(NOISY);
        for (int i = 0; i < NOISY; i++) {
            assertThat(noisy.get(i)).isEqualTo(String.valueOf(i));
        }
    }

    private static void publish(Channel channel, String queue, String tenant, String text) throws IOException {
        channel.basicPublish(
                "",
                queue,
                Publish.properties().headers(Map.of("tenant", tenant)).build(),
                Publish.bytes(text));
    }
}
