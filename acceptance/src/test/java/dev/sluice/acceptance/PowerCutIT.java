package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.MessageProperties;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The broker on a file system of its own, whose device is copied as it is at a random moment under load: what the kernel held in memory is lost, as
 * when the power is cut. Only root can mount file systems; for others the simulations of the log stand for it.
 */
@Timeout(180)
final class PowerCutIT {
    private static final long DEVICE_BYTES = 700L << 20;
    private static final int MOST_UNCONFIRMED = 200;
    private static final int LEAST_CONFIRMED = 2_000;
    private static final int MORE_CONFIRMED = 8_000;

    private final AtomicLong confirmed = new AtomicLong();
    private final CountDownLatch enough = new CountDownLatch(1);

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void keepsWhatItConfirmed(int seed, @TempDir Path folder) throws Exception {
        assumeTrue(LoopDevice.isPossible(folder), "this user or this machine cannot mount file systems");
        int target = LEAST_CONFIRMED + new Random(seed).nextInt(MORE_CONFIRMED);
        List<Integer> found;
        try (LoopDevice device = LoopDevice.create(folder.resolve("before"), DEVICE_BYTES)) {
            SluiceProcess sluice = SluiceProcess.start(device.mountPoint().resolve("data"));
            Thread publisher = Thread.ofPlatform().start(() -> publish(sluice, target));
            assertThat(enough.await(60, TimeUnit.SECONDS)).as(sluice.output()).isTrue();
            sluice.freeze();
            try (LoopDevice after = device.afterPowerCut(folder.resolve("after"))) {
                sluice.kill();
                publisher.join();
                try (SluiceProcess again =
                        SluiceProcess.start(after.mountPoint().resolve("data"))) {
                    found = consume(again);
                }
            }
        }
        // In the order of publishing, each once, and no confirmed one missing.
        assertThat(found).hasSizeGreaterThanOrEqualTo(target);
        for (int i = 0; i < found.size(); i++) {
            assertThat(found.get(i)).isEqualTo(i);
        }
    }

    /** Until the connection breaks. Confirms come in order, and may be for many messages. */
    private void publish(SluiceProcess sluice, long target) {
        try (Connection connection = connect(sluice)) {
            Channel channel = connection.createChannel();
            channel.queueDeclare("jobs", true, false, false, null);
            channel.confirmSelect();
            Semaphore window = new Semaphore(MOST_UNCONFIRMED);
            channel.addConfirmListener(
                    (tag, multiple) -> {
                        window.release((int) (tag - confirmed.getAndSet(tag)));
                        if (tag >= target) {
                            enough.countDown();
                        }
                    },
                    (tag, multiple) -> {
                        throw new AssertionError("message " + tag + " was refused");
                    });
            for (int i = 0; ; i++) {
                while (!window.tryAcquire(1, TimeUnit.SECONDS)) {
                    if (!connection.isOpen()) {
                        return;
                    }
                }
                byte[] body = ByteBuffer.allocate(1_000).putInt(i).array();
                channel.basicPublish("", "jobs", MessageProperties.PERSISTENT_BASIC, body);
            }
        } catch (ShutdownSignalException | IOException killed) {
            // As planned.
        } catch (Exception failure) {
            throw new IllegalStateException(failure);
        }
    }

    private static List<Integer> consume(SluiceProcess sluice) throws Exception {
        List<Integer> found = new ArrayList<>();
        try (Connection connection = connect(sluice)) {
            Channel channel = connection.createChannel();
            for (GetResponse got = channel.basicGet("jobs", true); got != null; got = channel.basicGet("jobs", true)) {
                found.add(ByteBuffer.wrap(got.getBody()).getInt());
            }
        }
        return found;
    }

    private static Connection connect(SluiceProcess sluice) throws Exception {
        var factory = new ConnectionFactory();
        factory.setHost(Broker.HOST);
        factory.setPort(sluice.amqpPort());
        factory.setAutomaticRecoveryEnabled(false);
        return factory.newConnection();
    }
}
