package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeyPartitionerTest {
    /** Values that Kafka's own tests expect of its clients. */
    @ParameterizedTest
    @CsvSource({
        "21, -973932308",
        "foobar, -790332482",
        "a-little-bit-long-string, -985981536",
        "a-little-bit-longer-string, -1486304829",
        "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8, -58897971",
        "abc, 479470107"
    })
    void hashesAsKafkaDoes(String key, int hash) {
        var bytes = Unpooled.wrappedBuffer(key.getBytes(StandardCharsets.UTF_8));
        assertThat(KeyPartitioner.hash(bytes)).isEqualTo(hash);
        assertThat(KeyPartitioner.partition(bytes, 7)).isEqualTo((hash & Integer.MAX_VALUE) % 7);
    }
}
