/** What tests share: simulated clock, disk and shards, seeded generators, and checkers. */
@NullMarked
package dev.sluice.testkit;

import org.jspecify.annotations.NullMarked;
