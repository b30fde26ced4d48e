package dev.sluice.amqp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.netty.buffer.Unpooled;
import java.util.HexFormat;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class Utf8Test {
    private static final int[] EDGES = {
        0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF,
        0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF, 'a'
    };
    private static final int ROUNDS = 20_000;

    /** Bytes at the edges of the table of well-formed sequences, compared with what Java's strict decoder says. */
    @Test
    void agreesWithJava() {
        SplittableRandom random = new SplittableRandom(1);
        int valid = 0;
        for (int round = 0; round < ROUNDS; round++) {
            byte[] bytes = new byte[random.nextInt(12)];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = random.nextInt(3) == 0 ? (byte) EDGES[random.nextInt(EDGES.length)] : (byte) 'x';
            }
            boolean expected = Utf8.isValid(bytes);
            assertThat(Utf8.isValid(Unpooled.wrappedBuffer(bytes), 0, bytes.length))
                    .as(HexFormat.of().formatHex(bytes))
                    .isEqualTo(expected);
            valid += expected ? 1 : 0;
        }
        assertThat(valid).isBetween(ROUNDS / 20, ROUNDS / 2);
    }

    @Test
    void agreesWithJavaOnAllSequencesOfFourEdges() {
        for (int first : EDGES) {
            for (int second : EDGES) {
                for (int third : EDGES) {
                    for (int fourth : EDGES) {
                        byte[] bytes = {(byte) first, (byte) second, (byte) third, (byte) fourth};
                        if (Utf8.isValid(Unpooled.wrappedBuffer(bytes), 0, 4) != Utf8.isValid(bytes)) {
                            fail(HexFormat.of().formatHex(bytes));
                        }
                    }
                }
            }
        }
    }
}
