/** Small programs as a user of Sluice would write them. */
@NullMarked
package dev.sluice.examples;

import org.jspecify.annotations.NullMarked;
