package dev.sluice.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.message.ApiMessageType.ListenerType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The table of requests in docs/kafka.md against what is served, and what Kafka's own brokers offer to clients. */
@SuppressWarnings("try") // closing blocks, and a test may be interrupted
class KafkaPageTest {
    private static final Pattern ROW = Pattern.compile("(?m)^\\| ([0-9]+) \\| `(\\w+)` \\| ([^|]+) \\| [^|]+ \\|$");
    private static final String NOT_SERVED = "no";

    @Test
    void pageSaysOfEachRequestInWhichVersionsItIsServed(@TempDir Path folder) throws Exception {
        try (var kafka = new RunningKafka(folder)) {
            assertThat(listedInThePage()).isEqualTo(served(kafka.requests()));
        }
    }

    private static Map<Short, String> listedInThePage() throws IOException {
        Map<Short, String> listed = new TreeMap<>();
        Matcher row = ROW.matcher(Files.readString(Path.of("../docs/kafka.md")));
        while (row.find()) {
            listed.put(Short.valueOf(row.group(1)), row.group(2) + " " + row.group(3));
        }
        return listed;
    }

    private static Map<Short, String> served(RequestTable requests) {
        Map<Short, String> served = new TreeMap<>();
        for (ApiMessageType type : ApiMessageType.values()) {
            if (type.listeners().contains(ListenerType.BROKER)) {
                served.put(type.apiKey(), type.name + " " + NOT_SERVED);
            }
        }
        for (RequestTable.Api<?> api : requests.apis()) {
            String versions = api.oldest() == api.newest() ? "" + api.oldest() : api.oldest() + " to " + api.newest();
            served.put(api.key().id, api.key().name + " " + versions);
        }
        return served;
    }
}
