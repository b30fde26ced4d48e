package dev.sluice.testrules;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;

/** The examples in docs/formats.md, which tests compare with what the program writes and reads. Stateless. */
public final class FormatsPage {
    private static final String FENCE = "```";

    private FormatsPage() {}

    /** The bytes of the block that begins with a line <code>```hex NAME</code>; comments after # are left out. */
    public static byte[] example(String name) throws IOException {
        List<String> lines = Files.readAllLines(page());
        int begin = lines.indexOf(FENCE + "hex " + name);
        if (begin < 0) {
            throw new IOException("docs/formats.md has no block '" + FENCE + "hex " + name + "'");
        }
        StringBuilder hex = new StringBuilder();
        for (int i = begin + 1; !lines.get(i).equals(FENCE); i++) {
            hex.append(lines.get(i).replaceAll("#.*", "").replaceAll("\\s", ""));
        }
        return HexFormat.of().parseHex(hex);
    }

    /** Tests run in the folder of their module, or in the one above. */
    private static Path page() {
        Path above = Path.of("..", "docs", "formats.md");
        return Files.exists(above) ? above : Path.of("docs", "formats.md");
    }
}
