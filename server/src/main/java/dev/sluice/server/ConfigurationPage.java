package dev.sluice.server;

/** Writes {@code docs/configuration.md} from the table of keys. */
final class ConfigurationPage {

    private static final String TOP = """
            # Configuration

            Sluice needs none. What can be set is set by a flag of `sluice start`, as in `--amqp-port 5673`, or in a file
            that is named with `--config FILE`; a flag wins over the file. The file is UTF-8 text with one `key = value` a
            line; lines that begin with `#` are comments. An unknown key or a value that makes no sense stops the start
            with an error that names the line.

                # sluice.conf
                data = /var/lib/sluice
                amqp-port = 5672

            | key | value | default | what it does | change while running |
            |---|---|---|---|---|
            """;

    private static final String BOTTOM = """

            The environment variable `SLUICE_JAVA_OPTS` is passed on to the JVM, after the options that the launcher sets.
            """;

    private ConfigurationPage() {}

    static String text() {
        StringBuilder page = new StringBuilder(TOP);
        for (Setting<?> setting : Setting.TABLE) {
            page.append("| `%s` | %s | `%s` | %s | %s |\n"
                    .formatted(
                            setting.name(),
                            setting.expected(),
                            setting.defaultText(),
                            setting.text(),
                            setting.reloadable() ? "yes" : "no, restart"));
        }
        return page.append(BOTTOM).toString();
    }
}
