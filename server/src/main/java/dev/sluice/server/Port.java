package dev.sluice.server;

/** Immutable. Where a gateway listens, if it does. */
sealed interface Port {

    int MAX = 65_535;

    /** The gateway is not started. */
    enum Off implements Port {
        OFF
    }

    /**
     * The gateway listens.
     *
     * @param number the port, or 0 for any free one
     */
    record On(int number) implements Port {
        public On {
            if (number < 0 || number > MAX) {
                throw new IllegalArgumentException("port " + number);
            }
        }
    }
}
