package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class ConfigurationPageTest {

    /** Tests run in the folder of their module. */
    private static final Path PAGE = Path.of("..", "docs", "configuration.md");

    @Test
    void pageSaysWhatTheTableSays() throws IOException {
        if (Boolean.getBoolean("docs.write")) {
            Files.writeString(PAGE, ConfigurationPage.text());
        }
        assertThat(PAGE)
                .as("write it anew with: mvn -pl server -am test -Ddocs.write=true"
                        + " -Dtest=ConfigurationPageTest -Dsurefire.failIfNoSpecifiedTests=false")
                .hasContent(ConfigurationPage.text());
    }
}
