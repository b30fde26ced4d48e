package dev.sluice.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Every case of recovery falls in exactly one row of the table in docs/operations.md, and that row says what the code does. */
class RecoveryVerdictTest {
    private static final Path PAGE = Path.of("../docs/operations.md");
    private static final Map<RecoveryVerdict, String> WORDS = Map.of(
            RecoveryVerdict.KEEP, "keeps it",
            RecoveryVerdict.KEEP_SOUND_BATCHES, "keeps the sound batches",
            RecoveryVerdict.CUT_OFF, "cuts it off",
            RecoveryVerdict.REFUSE_FOLDER, "refuses the folder");

    private record Row(String head, String batches, String durable, String verdict) {
        boolean matches(boolean headSound, boolean batchesSound, boolean wasDurable) {
            return head.equals(headSound ? "sound" : "damaged")
                    && (batches.equals("unknown") ? !headSound : batches.equals(batchesSound ? "sound" : "damaged"))
                    && Arrays.asList(durable.split(" or ")).contains(wasDurable ? "yes" : "no");
        }
    }

    @Test
    void everyCaseFallsInOneRowOfThePage() throws IOException {
        List<Row> rows = rows();
        assertThat(rows).hasSize(5);
        for (boolean headSound : List.of(true, false)) {
            for (boolean batchesSound : List.of(true, false)) {
                for (boolean wasDurable : List.of(true, false)) {
                    List<Row> matching = rows.stream()
                            .filter(row -> row.matches(headSound, batchesSound, wasDurable))
                            .toList();
                    RecoveryVerdict verdict = RecoveryVerdict.of(headSound, batchesSound, wasDurable);
                    assertThat(matching)
                            .as("head sound %s, batches sound %s, was durable %s", headSound, batchesSound, wasDurable)
                            .singleElement()
                            .satisfies(row -> assertThat(row.verdict()).startsWith(WORDS.get(verdict)));
                }
            }
        }
    }

    private static List<Row> rows() throws IOException {
        return Files.readAllLines(PAGE).stream()
                .filter(line -> line.startsWith("| sound |") || line.startsWith("| damaged |"))
                .map(line -> line.substring(2, line.length() - 2).split(" \\| "))
                .map(cells -> new Row(cells[0], cells[1], cells[2], cells[3]))
                .toList();
    }
}
