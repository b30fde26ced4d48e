package dev.sluice.amqp;

/**
 * What connection.start tells about this server. The product has to read RabbitMQ: kombu, and Celery with it, reads basic.qos of every other product by the letter of the specification, where it
 * changes running consumers, while this gateway has RabbitMQ's meaning. The version is the one whose behaviour is followed; from 4.0 on some versions of kombu expect that global
 * prefetch is gone. Stateless.
 */
final class ServerProperties {
    private static final String COMPATIBLE_PRODUCT = "RabbitMQ";
    private static final String COMPATIBLE_VERSION = "3.13.7";

    private ServerProperties() {}

    static FieldTable table() {
        return FieldTable.builder()
                .put("capabilities", capabilities())
                .put("product", COMPATIBLE_PRODUCT)
                .put("version", COMPATIBLE_VERSION)
                .put("platform", "Sluice on Java " + Runtime.version().feature())
                .put("information", "Sluice, a broker that behaves as " + COMPATIBLE_PRODUCT + " " + COMPATIBLE_VERSION)
                .build();
    }

    /** Only what is honoured. */
    private static FieldTable capabilities() {
        return FieldTable.builder()
                .put("publisher_confirms", true)
                .put("exchange_exchange_bindings", true)
                .put("basic.nack", true)
                .put("consumer_cancel_notify", true)
                .put("connection.blocked", true)
                .put("authentication_failure_close", true)
                .put("per_consumer_qos", true)
                .build();
    }
}
