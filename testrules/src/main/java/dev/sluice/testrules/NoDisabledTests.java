package dev.sluice.testrules;

import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * Immutable. Fails a test class or method that is annotated with {@link Disabled}: a test that nobody runs is deleted or
 * repaired. Conditions such as {@code @EnabledOnOs} are left alone.
 */
public final class NoDisabledTests implements ExecutionCondition {

    /** Called by JUnit through the service loader. */
    public NoDisabledTests() {}

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        if (AnnotationSupport.isAnnotated(context.getElement(), Disabled.class)) {
            throw new AssertionError("A disabled test fails the build: repair or delete " + context.getDisplayName());
        }
        return ConditionEvaluationResult.enabled("not disabled");
    }
}
