/** Listeners, TLS, credit and connection limits that all protocol gateways share. */
@NullMarked
package dev.sluice.net;

import org.jspecify.annotations.NullMarked;
