package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.MessageProperties;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The broker on a file system of its own that something else fills to the last block. Only root can mount file systems; for others the simulation of the
 * log stands for it.
 */
@Timeout(180)
final class FullDiskIT {
    private static final long DEVICE_BYTES = 400L << 20;
    private static final int MESSAGE_BYTES = 100_000;
    private static final int MESSAGES = 500;
    private static final int BEFORE_THE_KILL = 200;
    private static final int MOST_MESSAGES = 5_000;
    /** Far more than the network holds for a broker that does not read. */
    private static final int WHILE_STOPPED = 200;

    private static final long RESUME_LIMIT_NS = TimeUnit.SECONDS.toNanos(30);

    @Test
    void consumersLeadOutOfAFullDiskAlsoAfterAKill(@TempDir Path folder) throws Exception {
        assumeTrue(LoopDevice.isPossible(folder), "this user or this machine cannot mount file systems");
        try (LoopDevice device = LoopDevice.create(folder.resolve("disk"), DEVICE_BYTES)) {
            SluiceProcess sluice = start(device, "0");
            int stored = 0;
            try (Connection connection = connect(sluice)) {
                Channel channel = open(connection);
                while (stored < MESSAGES) {
                    assertThat(publish(channel)).isTrue();
                    stored++;
                }
                fill(device.mountPoint().resolve("something-else"));
                while (publish(channel)) {
                    stored++;
                    assertThat(stored).isLessThan(MOST_MESSAGES);
                }
                sluice.awaitOutput("the disk is full");
                consume(channel, BEFORE_THE_KILL);
            }
            sluice.kill();
            fill(device.mountPoint().resolve("something-else-again"));

            try (SluiceProcess again = start(device, Integer.toString(sluice.amqpPort()));
                    Connection connection = connect(again)) {
                Channel channel = open(connection);
                int left = (int) channel.messageCount("jobs");
                assertThat(left).isBetween(stored - BEFORE_THE_KILL, stored);
                consume(channel, left);
                assertThat(channel.messageCount("jobs")).isZero();
                long limit = System.nanoTime() + RESUME_LIMIT_NS;
                while (!publish(channel)) {
                    assertThat(System.nanoTime()).as("it takes nothing again").isLessThan(limit);
                }
            }
        }
    }

    @Test
    void publishersAreStoppedBeforeTheDiskIsFullAndGoOnWhenThereIsRoom(@TempDir Path folder) throws Exception {
        assumeTrue(LoopDevice.isPossible(folder), "this user or this machine cannot mount file systems");
        try (LoopDevice device = LoopDevice.create(folder.resolve("disk"), DEVICE_BYTES);
                SluiceProcess sluice = SluiceProcess.start(
                        device.mountPoint().resolve("data"), "--amqp-port", "0", "--disk-free-limit", "20");
                Connection consuming = connect(sluice)) {
            // It ends with the broker: closing it waits for as long as the broker does not read.
            Connection publishing = connect(sluice);
            stopAndGoOn(device, sluice, publishing, consuming.createChannel());
        }
    }

    private static void stopAndGoOn(LoopDevice device, SluiceProcess sluice, Connection publishing, Channel consumer)
            throws Exception {
        var told = new LinkedBlockingQueue<String>();
        publishing.addBlockedListener(told::add, () -> told.add("unblocked"));
        Channel channel = open(publishing);
        assertThat(publish(channel)).isTrue();
        Path ballast = device.mountPoint().resolve("something-else");
        leave(ballast, 10 << 20);
        sluice.awaitOutput("publishers are stopped");

        var confirmed = new CompletableFuture<Boolean>();
        Thread.ofVirtual().start(() -> {
            try {
                for (int i = 0; i < WHILE_STOPPED; i++) {
                    channel.basicPublish("", "jobs", MessageProperties.PERSISTENT_BASIC, new byte[MESSAGE_BYTES]);
                }
                confirmed.complete(channel.waitForConfirms(Publish.CONFIRM_LIMIT_MS));
            } catch (Exception failure) {
                confirmed.completeExceptionally(failure);
            }
        });
        assertThat(told.poll(Publish.CONFIRM_LIMIT_MS, TimeUnit.MILLISECONDS))
                .startsWith("the disk has ")
                .contains("publishing stops below 20 MiB");
        assertThat(run("status", "--data", device.mountPoint().resolve("data").toString()))
                .contains("publishers are stopped", "connections whose publishes wait: 1");
        consume(consumer, 1);

        Files.delete(ballast);
        assertThat(told.poll(Publish.CONFIRM_LIMIT_MS, TimeUnit.MILLISECONDS)).isEqualTo("unblocked");
        assertThat(confirmed.get(Publish.CONFIRM_LIMIT_MS, TimeUnit.MILLISECONDS))
                .as("none was refused")
                .isTrue();
        assertThat(consumer.messageCount("jobs")).isEqualTo(WHILE_STOPPED);
    }

    private static String run(String... arguments) throws Exception {
        Process process = SluiceProcess.run(arguments);
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }

    /** Writes until no more than so much is free. */
    private static void leave(Path file, long bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.DSYNC)) {
            while (file.toFile().getUsableSpace() > bytes) {
                channel.write(ByteBuffer.allocate(1 << 20));
            }
        }
    }

    /** Publishers are not stopped before, so that it is the storage that meets the full disk. */
    private static SluiceProcess start(LoopDevice device, String port) throws IOException {
        return SluiceProcess.start(device.mountPoint().resolve("data"), "--amqp-port", port, "--disk-free-limit", "0");
    }

    private static Channel open(Connection connection) throws IOException {
        Channel channel = connection.createChannel();
        channel.queueDeclare("jobs", true, false, false, null);
        channel.confirmSelect();
        return channel;
    }

    /** Whether it was confirmed. */
    private static boolean publish(Channel channel) throws Exception {
        channel.basicPublish("", "jobs", MessageProperties.PERSISTENT_BASIC, new byte[MESSAGE_BYTES]);
        return channel.waitForConfirms(Publish.CONFIRM_LIMIT_MS);
    }

    private static void consume(Channel channel, int messages) throws IOException {
        for (int i = 0; i < messages; i++) {
            GetResponse got = channel.basicGet("jobs", false);
            assertThat(got).as("message %d", i).isNotNull();
            channel.basicAck(got.getEnvelope().getDeliveryTag(), false);
        }
    }

    /** Writes until the last block is taken. */
    private static void fill(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.DSYNC)) {
            for (int piece = 1 << 20; piece >= 512; piece /= 2) {
                fillBy(channel, piece);
            }
        }
    }

    private static void fillBy(FileChannel channel, int bytes) {
        ByteBuffer zeros = ByteBuffer.allocate(bytes);
        try {
            while (channel.write(zeros.clear()) > 0) {
                // Until there is no room.
            }
        } catch (IOException full) {
            assertThat(full).hasMessageContaining("No space left");
        }
    }

    private static Connection connect(SluiceProcess sluice) throws Exception {
        var factory = new ConnectionFactory();
        factory.setHost(Broker.HOST);
        factory.setPort(sluice.amqpPort());
        factory.setAutomaticRecoveryEnabled(false);
        return factory.newConnection();
    }
}
