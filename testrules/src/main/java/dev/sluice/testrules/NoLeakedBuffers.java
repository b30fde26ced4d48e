package dev.sluice.testrules;

import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/**
 * Thread-safe: the one shared field is a concurrent queue. Fails each test class whose tests let a tracked buffer become
 * garbage without releasing it.
 *
 * <p>Netty reports a leak when it next allocates after the collector found the buffer, which in a short test is never. So
 * after each class this collects, waits until the references have been queued, and allocates once. Buffers that live as
 * long as the class (static fields, a test instance per class) are seen by the check at the end of the run.
 *
 * <p>Every pooled, adaptive and direct buffer is tracked. Plain {@code Unpooled} heap buffers are not: they own nothing
 * but garbage.
 */
public final class NoLeakedBuffers implements AfterAllCallback {

    private static final long COLLECTION_TIMEOUT_MS = 10_000;

    private static final Queue<String> LEAKS = new ConcurrentLinkedQueue<>();

    static {
        // Before any buffer class is initialised, because those keep their detector in a static field. Stack traces of
        // acquire and release are enough to find a leak, and seeded tests are too slow with one per access.
        if (System.getProperty("io.netty.leakDetection.acquireAndReleaseOnly") == null) {
            System.setProperty("io.netty.leakDetection.acquireAndReleaseOnly", "true");
        }
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
        ResourceLeakDetectorFactory.setResourceLeakDetectorFactory(new DetectorFactory());
    }

    /** Called by JUnit through the service loader. */
    public NoLeakedBuffers() {}

    @Override
    public void afterAll(ExtensionContext context) {
        context.getRoot()
                .getStore(Namespace.create(NoLeakedBuffers.class))
                .computeIfAbsent(EndOfRun.class, _ -> new EndOfRun());
        boolean nested = context.getRequiredTestClass().getEnclosingClass() != null
                && context.getParent().flatMap(ExtensionContext::getTestClass).isPresent();
        if (!nested) {
            failOnLeaks("the tests of " + context.getRequiredTestClass().getName());
        }
    }

    private static void failOnLeaks(String who) {
        collectGarbage();
        ByteBufAllocator.DEFAULT.directBuffer(1).release();
        List<String> leaks = new ArrayList<>();
        for (String leak = LEAKS.poll(); leak != null; leak = LEAKS.poll()) {
            leaks.add(leak);
        }
        if (!leaks.isEmpty()) {
            throw new AssertionError(who + " leaked buffers from " + leaks.size() + " places: " + leaks);
        }
    }

    /**
     * References found by one collection are handed to their queues by another thread, so only a canary of a second
     * collection shows that all of the first have arrived.
     */
    private static void collectGarbage() {
        for (int i = 0; i < 2; i++) {
            ReferenceQueue<Object> queue = new ReferenceQueue<>();
            WeakReference<Object> canary = new WeakReference<>(new Object(), queue);
            try {
                System.gc();
                if (queue.remove(COLLECTION_TIMEOUT_MS) == null) {
                    throw new AssertionError("no collection within " + COLLECTION_TIMEOUT_MS + " ms");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError("interrupted while waiting for a collection", e);
            } finally {
                Reference.reachabilityFence(canary);
            }
        }
    }

    /** Closed by JUnit after the last class. */
    private record EndOfRun() implements AutoCloseable {
        @Override
        public void close() {
            failOnLeaks("this test run");
        }
    }

    private static final class DetectorFactory extends ResourceLeakDetectorFactory {
        @Override
        @SuppressWarnings("deprecation") // abstract in Netty, so it has to be there
        public <T> ResourceLeakDetector<T> newResourceLeakDetector(
                Class<T> resource, int samplingInterval, long maxActive) {
            return new Detector<>(resource, samplingInterval);
        }
    }

    private static final class Detector<T> extends ResourceLeakDetector<T> {

        Detector(Class<T> resource, int samplingInterval) {
            super(resource, samplingInterval);
        }

        @Override
        protected boolean needReport() {
            return true;
        }

        @Override
        protected void reportTracedLeak(String resourceType, String records) {
            LEAKS.add(resourceType + records);
        }

        @Override
        protected void reportUntracedLeak(String resourceType) {
            LEAKS.add(resourceType + " (no record of where)");
        }
    }
}
