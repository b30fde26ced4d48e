package dev.sluice.server;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The arrows between the modules: which of our packages each of our packages may import. */
final class ArrowsTest {

    private static final String ROOT = "dev.sluice.";

    private static final String KAFKA_GROUPS = "dev.sluice.kafka.group";

    private static final Set<String> GATEWAYS = Set.of("amqp", "kafka", "mqtt", "http");

    /** A module that is missing here may not exist. Those that nobody has written yet are here already. */
    private static final Map<String, Set<String>> ARROWS = arrows();

    private static final JavaClasses OURS = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.sluice");

    private static Map<String, Set<String>> arrows() {
        Map<String, Set<String>> arrows = new HashMap<>(Map.of(
                "testrules", Set.of(),
                "log", Set.of(),
                "broker", Set.of("log"),
                "net", Set.of("broker", "log"),
                "bookkeeper", Set.of("log"),
                "testkit", Set.of("broker", "log")));
        GATEWAYS.forEach(gateway -> arrows.put(gateway, Set.of("net", "broker", "log")));
        arrows.put(
                "server",
                Stream.concat(GATEWAYS.stream(), Stream.of("net", "broker", "log", "bookkeeper"))
                        .collect(toSet()));
        return Map.copyOf(arrows);
    }

    static Stream<String> modules() {
        return ARROWS.keySet().stream().sorted();
    }

    @ParameterizedTest
    @MethodSource("modules")
    void importsOnlyAlongTheArrows(String module) {
        String[] others = ARROWS.keySet().stream()
                .filter(other -> !other.equals(module)
                        && !ARROWS.getOrDefault(module, Set.of()).contains(other))
                .map(other -> ROOT + other + "..")
                .toArray(String[]::new);
        noClasses()
                .that(resideInAPackage(ROOT + module + ".."))
                .should()
                .dependOnClassesThat(resideInAnyPackage(others))
                .allowEmptyShould(true)
                .check(OURS);
    }

    @Test
    void logAndBrokerUseNothingButBuffersCompressionAndTheLoggingApi() {
        classes()
                .that(resideInAnyPackage("dev.sluice.log", "dev.sluice.broker"))
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(
                        "dev.sluice..",
                        "java..",
                        "jdk..",
                        "sun.misc..",
                        "com.sun.nio.file..",
                        "io.netty.buffer..",
                        "io.netty.util..",
                        "com.github.luben.zstd..",
                        "net.jpountz.lz4..",
                        "org.xerial.snappy..",
                        "org.slf4j..",
                        "org.jspecify.."))
                .check(OURS);
    }

    @Test
    void keepsOneFlatPackagePerModule() {
        Set<String> packages = ARROWS.keySet().stream().map(ROOT::concat).collect(toSet());
        packages.add(KAFKA_GROUPS);
        classes().should().resideInAnyPackage(packages.toArray(String[]::new)).check(OURS);
    }

    /** The coordinator of groups, which the gateway embeds, is the one exception to the rule above. */
    @Test
    void groupsOfKafkaKnowNothingOfTheGateway() {
        noClasses()
                .that(resideInAPackage(KAFKA_GROUPS))
                .should()
                .dependOnClassesThat(resideInAPackage("dev.sluice.kafka"))
                .check(OURS);
    }

    @Test
    void marksEveryPackageAsNullMarked() {
        Set<String> unmarked = OURS.stream()
                .map(JavaClass::getPackage)
                .filter(ours -> !ours.isAnnotatedWith(NullMarked.class))
                .map(ours -> ours.getName())
                .collect(toSet());
        assertThat(unmarked).isEmpty();
    }

    @Test
    void looksAtTheModulesThatExist() {
        assertThat(OURS.stream().map(JavaClass::getPackageName))
                .contains(
                        "dev.sluice.log",
                        "dev.sluice.broker",
                        "dev.sluice.net",
                        "dev.sluice.amqp",
                        "dev.sluice.server",
                        "dev.sluice.testkit");
    }
}
