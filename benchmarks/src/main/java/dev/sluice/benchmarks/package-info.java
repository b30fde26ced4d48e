/** JMH benchmarks of the parts and side-by-side runs of the whole. */
@NullMarked
package dev.sluice.benchmarks;

import org.jspecify.annotations.NullMarked;
