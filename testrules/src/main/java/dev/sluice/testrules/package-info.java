/** Rules that every test run obeys by having this module on its class path: no leaked buffer, no disabled test. */
@NullMarked
package dev.sluice.testrules;

import org.jspecify.annotations.NullMarked;
