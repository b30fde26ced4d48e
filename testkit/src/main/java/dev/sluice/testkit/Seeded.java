package dev.sluice.testkit;

import java.util.List;
import java.util.SplittableRandom;

/** Confined to one thread. Choices made from a seed: the same seed makes the same choices. */
public final class Seeded {
    private final SplittableRandom random;

    public Seeded(long seed) {
        this(new SplittableRandom(seed));
    }

    private Seeded(SplittableRandom random) {
        this.random = random;
    }

    /** Another generator whose choices do not depend on how often this one is asked from now on. */
    public Seeded fork() {
        return new Seeded(random.split());
    }

    /** 0 to {@code bound - 1}. */
    public int below(int bound) {
        return random.nextInt(bound);
    }

    /** {@code least} to {@code most}, both included. */
    public int between(int least, int most) {
        return least + random.nextInt(most - least + 1);
    }

    /** {@code least} to {@code most}, both included. */
    public long between(long least, long most) {
        return least + random.nextLong(most - least + 1);
    }

    /** Sizes as they come in life: mostly small, now and then near {@code most}. */
    public int size(int most) {
        return below(1 + (most >> below(8)));
    }

    /** True once in {@code times} on average; never if {@code times} is 0. */
    public boolean oneIn(int times) {
        return times > 0 && random.nextInt(times) == 0;
    }

    public boolean percent(int percent) {
        return random.nextInt(100) < percent;
    }

    public long nextLong() {
        return random.nextLong();
    }

    public <T> T pick(List<T> from) {
        return from.get(below(from.size()));
    }

    public void fill(byte[] bytes) {
        random.nextBytes(bytes);
    }
}
