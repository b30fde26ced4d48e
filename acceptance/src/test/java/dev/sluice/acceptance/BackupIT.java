package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.MessageProperties;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A backup of a broker in use, brought back elsewhere. */
@Timeout(180)
final class BackupIT {
    private static final Pattern CHECKSUM = Pattern.compile("SHA-256 ([0-9a-f]{64})");
    private static final int MESSAGES = 1_000;
    private static final int ACKNOWLEDGED = 400;

    @Test
    void bringsBackMessagesAcknowledgementsAndDefinitions(@TempDir Path folder) throws Exception {
        Path backup = folder.resolve("backup");
        String saved;
        try (SluiceProcess sluice = SluiceProcess.start(folder.resolve("data"));
                Connection connection = connect(sluice)) {
            Channel channel = connection.createChannel();
            channel.exchangeDeclare("orders", "direct", true);
            channel.queueDeclare("jobs", true, false, false, null);
            channel.queueBind("jobs", "orders", "new");
            channel.confirmSelect();
            for (int i = 0; i < MESSAGES; i++) {
                channel.basicPublish("orders", "new", MessageProperties.PERSISTENT_BASIC, text(i));
            }
            channel.waitForConfirmsOrDie(Publish.CONFIRM_LIMIT_MS);
            for (int i = 0; i < ACKNOWLEDGED; i++) {
                channel.basicAck(channel.basicGet("jobs", false).getEnvelope().getDeliveryTag(), false);
            }
            channel.queueDeclarePassive("jobs");

            AtomicBoolean enough = new AtomicBoolean();
            CountDownLatch flowing = new CountDownLatch(1);
            Thread traffic = Thread.ofPlatform().start(() -> publish(sluice, enough, flowing));
            flowing.await();
            saved = run(
                    "backup",
                    backup.toString(),
                    "--data",
                    folder.resolve("data").toString());
            enough.set(true);
            traffic.join();
        }
        String restored = run(
                "restore", backup.toString(), "--data", folder.resolve("again").toString());
        assertThat(checksum(restored)).isEqualTo(checksum(saved));

        try (SluiceProcess sluice = SluiceProcess.start(folder.resolve("again"));
                Connection connection = connect(sluice)) {
            Channel channel = connection.createChannel();
            for (int i = ACKNOWLEDGED; i < MESSAGES; i++) {
                GetResponse got = channel.basicGet("jobs", true);
                assertThat(new String(got.getBody(), StandardCharsets.UTF_8)).isEqualTo(Integer.toString(i));
            }
            assertThat(channel.basicGet("jobs", true)).isNull();
            channel.confirmSelect();
            channel.basicPublish("orders", "new", true, MessageProperties.PERSISTENT_BASIC, text(MESSAGES));
            channel.waitForConfirmsOrDie(Publish.CONFIRM_LIMIT_MS);
            assertThat(channel.messageCount("jobs")).isEqualTo(1);
            assertThat(channel.messageCount("traffic")).isPositive();
        }
    }

    @Test
    void saysThatNoBrokerAnswersAndThatAFolderIsInUse(@TempDir Path folder) throws Exception {
        Process none = start("backup", folder.resolve("b").toString(), "--data", folder.toString());
        assertThat(none.waitFor()).isEqualTo(1);
        assertThat(none.errorReader().readLine()).contains("no running broker with the data folder " + folder);

        Files.writeString(folder.resolve("note"), "mine");
        Process notEmpty = start("restore", folder.toString(), "--data", folder.toString());
        assertThat(notEmpty.waitFor()).isEqualTo(1);
        assertThat(notEmpty.errorReader().readLine()).contains("is not empty");
    }

    private static void publish(SluiceProcess sluice, AtomicBoolean enough, CountDownLatch flowing) {
        try (Connection connection = connect(sluice)) {
            Channel channel = connection.createChannel();
            channel.queueDeclare("traffic", true, false, false, null);
            channel.confirmSelect();
            while (!enough.get()) {
                for (int i = 0; i < 100; i++) {
                    channel.basicPublish("", "traffic", MessageProperties.PERSISTENT_BASIC, new byte[1_000]);
                }
                channel.waitForConfirmsOrDie(Publish.CONFIRM_LIMIT_MS);
                flowing.countDown();
            }
        } catch (Exception failure) {
            throw new IllegalStateException(failure);
        }
    }

    private static byte[] text(int number) {
        return Integer.toString(number).getBytes(StandardCharsets.UTF_8);
    }

    private static String checksum(String output) {
        Matcher matcher = CHECKSUM.matcher(output);
        assertThat(matcher.find()).as(output).isTrue();
        return matcher.group(1);
    }

    private static Process start(String... arguments) throws IOException {
        return SluiceProcess.run(arguments);
    }

    private static String run(String... arguments) throws Exception {
        Process process = start(arguments);
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String error = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output + error).isZero();
        return output;
    }

    private static Connection connect(SluiceProcess sluice) throws Exception {
        var factory = new ConnectionFactory();
        factory.setHost(Broker.HOST);
        factory.setPort(sluice.amqpPort());
        return factory.newConnection();
    }
}
