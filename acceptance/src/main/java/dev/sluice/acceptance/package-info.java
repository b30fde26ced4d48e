/** Tests that drive the packaged broker, as its own process, with real clients. */
@NullMarked
package dev.sluice.acceptance;

import org.jspecify.annotations.NullMarked;
