package dev.sluice.testkit;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.jspecify.annotations.Nullable;

/**
 * Confined to one thread. A task that can be left in the middle and taken up again later, on the same thread.
 *
 * <p>Uses the JDK's own continuations, the ground of virtual threads, because they switch in well under a microsecond and
 * leave every choice to us. They are not public, so the JVM needs {@code --add-exports
 * java.base/jdk.internal.vm=ALL-UNNAMED}.
 */
final class SimTask {
    private static final Object SCOPE;
    private static final MethodHandle NEW;
    private static final MethodHandle RUN;
    private static final MethodHandle YIELD;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            Class<?> scope = Class.forName("jdk.internal.vm.ContinuationScope");
            Class<?> continuation = Class.forName("jdk.internal.vm.Continuation");
            SCOPE = scope.getConstructor(String.class).newInstance("simulation");
            NEW = lookup.findConstructor(continuation, MethodType.methodType(void.class, scope, Runnable.class))
                    .asType(MethodType.methodType(Object.class, Object.class, Runnable.class));
            RUN = lookup.findVirtual(continuation, "run", MethodType.methodType(void.class))
                    .asType(MethodType.methodType(void.class, Object.class));
            YIELD = lookup.findStatic(continuation, "yield", MethodType.methodType(boolean.class, scope))
                    .asType(MethodType.methodType(boolean.class, Object.class));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(
                    "start the JVM with --add-exports java.base/jdk.internal.vm=ALL-UNNAMED", e);
        }
    }

    private static @Nullable SimTask running;

    private final Object continuation;
    private boolean done;
    private @Nullable Throwable failure;

    SimTask(Runnable body) {
        try {
            continuation = (Object) NEW.invokeExact(SCOPE, (Runnable) () -> runBody(body));
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private void runBody(Runnable body) {
        try {
            body.run();
        } catch (Throwable e) {
            failure = e;
        } finally {
            done = true;
        }
    }

    /** Runs until the task pauses or ends; what it throws comes out here. */
    void resume() {
        SimTask outer = running;
        running = this;
        try {
            RUN.invokeExact(continuation);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        } finally {
            running = outer;
        }
        Throwable thrown = failure;
        switch (thrown) {
            case null -> {}
            case Error error -> throw error;
            case RuntimeException exception -> throw exception;
            default -> throw new IllegalStateException(thrown);
        }
    }

    boolean isDone() {
        return done;
    }

    /** Leaves the running task; no effect outside of one, or where its stack cannot be left. */
    static void pause() {
        if (running == null) {
            return;
        }
        try {
            boolean ignored = (boolean) YIELD.invokeExact(SCOPE);
        } catch (IllegalStateException pinned) {
            // A lock or a native frame is on the stack: the task goes on, as a thread might.
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
