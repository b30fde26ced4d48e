package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

final class DependenciesPageTest {

    /** Tests run in the folder of their module. */
    private static final Path TOP = Path.of("..");

    private static final Pattern ROW = Pattern.compile("(?m)^\\| `([^`]+)` \\| (\\S+) \\|");

    private static final String VERSION_KEY = ".version";

    @Test
    void pageListsWhatTheBuildUses() throws Exception {
        assertThat(listedInThePage()).isEqualTo(usedByTheBuild());
    }

    private static Map<String, String> listedInThePage() throws IOException {
        Map<String, String> versions = new TreeMap<>();
        Matcher row = ROW.matcher(Files.readString(TOP.resolve("docs/dependencies.md")));
        while (row.find()) {
            versions.put(row.group(1), row.group(2));
        }
        return versions;
    }

    /** Libraries have their version in a property of the top pom, plugins in their declaration there. */
    private static Map<String, String> usedByTheBuild() throws Exception {
        Document pom = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(TOP.resolve("pom.xml").toFile());
        Map<String, String> versions = new TreeMap<>();
        NodeList properties = pom.getElementsByTagName("properties").item(0).getChildNodes();
        for (int i = 0; i < properties.getLength(); i++) {
            String name = properties.item(i).getNodeName();
            if (name.endsWith(VERSION_KEY)) {
                versions.put(
                        name.substring(0, name.length() - VERSION_KEY.length()),
                        properties.item(i).getTextContent());
            }
        }
        NodeList plugins = pom.getElementsByTagName("plugin");
        for (int i = 0; i < plugins.getLength(); i++) {
            Element plugin = (Element) plugins.item(i);
            versions.put(text(plugin, "artifactId"), text(plugin, "version"));
        }
        return versions;
    }

    private static String text(Element element, String tag) {
        return element.getElementsByTagName(tag).item(0).getTextContent();
    }
}
