package dev.sluice.testrules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.List;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;

/** Runs small test classes, which the build itself does not pick up, inside a test engine of their own. */
final class TestRulesTest {

    @ParameterizedTest
    @ValueSource(classes = {LeaksAdaptive.class, LeaksPooled.class, LeaksDirect.class, LeaksInNestedClass.class})
    void failsTheClassThatLeaksABuffer(Class<?> leaky) {
        assertThat(failures(run(leaky))).singleElement().asString().contains("leaked buffers", leaky.getName());
    }

    @Test
    void failsTheRunWhenABufferLivedAsLongAsItsTestInstance() {
        assertThat(failures(run(LeaksInField.class))).singleElement().asString().contains("leaked buffers", "test run");
    }

    @Test
    void namesThePlaceThatAllocatedTheLeakedBuffer() {
        assertThat(failures(run(LeaksWithAName.class)))
                .singleElement()
                .asString()
                .contains("placeOfTheLeak");
    }

    @Test
    void acceptsBuffersThatAreReleased() {
        EngineExecutionResults results = run(Releases.class);
        assertThat(failures(results)).isEmpty();
        assertThat(results.testEvents().succeeded().count()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(classes = {DisabledClass.class, DisabledMethod.class})
    void failsADisabledTest(Class<?> disabled) {
        assertThat(failures(run(disabled))).singleElement().asString().contains("A disabled test fails the build");
    }

    private static EngineExecutionResults run(Class<?> testClass) {
        return EngineTestKit.engine("junit-jupiter")
                .selectors(selectClass(testClass))
                .configurationParameter("junit.jupiter.extensions.autodetection.enabled", "true")
                .configurationParameter(
                        "junit.jupiter.conditions.deactivate", "org.junit.jupiter.engine.extension.DisabledCondition")
                .execute();
    }

    private static List<String> failures(EngineExecutionResults results) {
        return results.allEvents().failed().stream().map(Event::toString).toList();
    }

    static final class LeaksAdaptive {
        @Test
        void leaks() {
            ByteBufAllocator.DEFAULT.buffer(10).writeByte(1);
        }
    }

    static final class LeaksPooled {
        @Test
        void leaks() {
            PooledByteBufAllocator.DEFAULT.buffer(10).writeByte(1);
        }
    }

    static final class LeaksDirect {
        @Test
        void leaks() {
            UnpooledByteBufAllocator.DEFAULT.directBuffer(10).writeByte(1);
        }
    }

    static final class LeaksInNestedClass {
        @Nested
        final class Inner {
            @Test
            void leaks() {
                ByteBufAllocator.DEFAULT.heapBuffer(10).writeByte(1);
            }
        }
    }

    static final class LeaksWithAName {
        @Test
        void leaks() {
            placeOfTheLeak();
        }

        private static void placeOfTheLeak() {
            ByteBufAllocator.DEFAULT.buffer(10).writeByte(1);
        }
    }

    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    static final class LeaksInField {
        private final ByteBuf buffer = ByteBufAllocator.DEFAULT.buffer(10);

        @Test
        void holds() {
            buffer.writeByte(1);
        }
    }

    static final class Releases {
        @Test
        void releases() {
            ByteBuf buffer = ByteBufAllocator.DEFAULT.buffer(10);
            buffer.retain();
            buffer.release(2);
        }
    }

    @Disabled
    static final class DisabledClass {
        @Test
        void runs() {}
    }

    static final class DisabledMethod {
        @Test
        @Disabled
        void runs() {}
    }
}
