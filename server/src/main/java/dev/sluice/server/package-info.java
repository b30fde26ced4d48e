/** The broker as a program: configuration, wiring and the command line. */
@NullMarked
package dev.sluice.server;

import org.jspecify.annotations.NullMarked;
