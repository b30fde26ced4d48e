package dev.sluice.kafka;

import static dev.sluice.kafka.Requests.FETCH_BY_NAME;
import static dev.sluice.kafka.Requests.PRODUCE_BY_NAME;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataRequestData.MetadataRequestTopic;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Clients that send requests with wrong bytes in them. Run one seed with {@code -Dseed=N}. */
@Timeout(300)
@SuppressWarnings("try") // closing blocks, and a test may be interrupted
class KafkaFuzzTest {
    private static final int CLIENTS = Integer.getInteger("clients", 400);
    private static final int REQUESTS_PER_CLIENT = 20;
    private static final int CHECK_EVERY = 50;
    private static final String BYSTANDER = "bystander";

    @TempDir
    Path folder;

    @Test
    void nonsenseHarmsNobodyElse() throws Exception {
        long firstSeed = Long.getLong("seed", 1);
        int clients = System.getProperty("seed") == null ? CLIENTS : 1;
        try (var kafka = new RunningKafka(folder);
                RawClient bystander = kafka.connect()) {
            bystander.ask(metadata(BYSTANDER), 9, MetadataResponseData.class);
            long stored = 0;
            for (long seed = firstSeed; seed < firstSeed + clients; seed++) {
                try {
                    beAnnoying(kafka, new Random(seed));
                    if (seed % CHECK_EVERY == 0 || clients == 1) {
                        var answer = bystander.ask(
                                Requests.produce(BYSTANDER, 0, Requests.batch("a")),
                                PRODUCE_BY_NAME,
                                ProduceResponseData.class);
                        assertThat(Requests.only(answer).baseOffset()).isEqualTo(stored++);
                    }
                } catch (AssertionError | Exception failure) {
                    throw new AssertionError("seed " + seed, failure);
                }
            }
        }
    }

    private static void beAnnoying(RunningKafka kafka, Random random) throws Exception {
        try (RawClient client = kafka.connect()) {
            try {
                for (int i = 0; i < REQUESTS_PER_CLIENT; i++) {
                    client.sendBytes(framed(request(random), random));
                }
                client.endOutput();
            } catch (IOException closedByBroker) {
                // It has heard enough.
            }
            client.expectTheEnd();
        }
    }

    private static byte[] request(Random random) {
        return switch (random.nextInt(4)) {
            case 0 -> RawClient.encode(metadata("topic" + random.nextInt(3)), (short) random.nextInt(4, 10), 1);
            case 1 ->
                RawClient.encode(
                        Requests.produce("topic" + random.nextInt(3), random.nextInt(2), Requests.batch("a", "b")),
                        (short) random.nextInt(3, PRODUCE_BY_NAME + 1),
                        1);
            case 2 ->
                RawClient.encode(
                        Requests.fetch("topic" + random.nextInt(3), 0, random.nextInt(3), random.nextInt(2)),
                        (short) random.nextInt(4, FETCH_BY_NAME + 1),
                        1);
            default -> anyKind(random);
        };
    }

    /** A request of any kind that there is, with nothing in it. */
    private static byte[] anyKind(Random random) {
        ApiMessageType[] types = ApiMessageType.values();
        while (true) {
            ApiMessageType type = types[random.nextInt(types.length)];
            try {
                ApiMessage request = type.newRequest();
                int version = random.nextInt(request.lowestSupportedVersion(), request.highestSupportedVersion() + 1);
                return RawClient.encode(request, (short) version, 1);
            } catch (RuntimeException needsFieldsOrIsGone) {
                // another one, then
            }
        }
    }

    private static byte[] framed(byte[] request, Random random) {
        if (random.nextInt(2) == 0) {
            for (int i = 1 + random.nextInt(6); i > 0; i--) {
                request[random.nextInt(request.length)] = (byte) random.nextInt(256);
            }
        }
        int length = random.nextInt(40) == 0 ? random.nextInt() : request.length;
        var out = new ByteArrayOutputStream();
        out.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(length).array());
        out.write(request, 0, random.nextInt(40) == 0 ? random.nextInt(request.length) : request.length);
        return out.toByteArray();
    }

    private static MetadataRequestData metadata(String topic) {
        return new MetadataRequestData()
                .setTopics(new ArrayList<>(List.of(new MetadataRequestTopic().setName(topic))))
                .setAllowAutoTopicCreation(true);
    }
}
