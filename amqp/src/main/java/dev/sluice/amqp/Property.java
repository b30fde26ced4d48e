package dev.sluice.amqp;

/** The properties of class basic, in the order of the wire (section 1.8.1 of the generated specification). */
enum Property {
    CONTENT_TYPE(0),
    CONTENT_ENCODING(1),
    HEADERS(2),
    DELIVERY_MODE(3),
    PRIORITY(4),
    CORRELATION_ID(5),
    REPLY_TO(6),
    EXPIRATION(7),
    MESSAGE_ID(8),
    TIMESTAMP(9),
    TYPE(10),
    USER_ID(11),
    APP_ID(12),
    CLUSTER_ID(13);

    static final int COUNT = 14;

    private static final int FIRST_FLAG = 1 << 15;

    private final int place;

    Property(int place) {
        this.place = place;
    }

    /** The position among the properties, from 0. */
    int place() {
        return place;
    }

    /** The bit that says that this property is there; the first property has the highest bit (section 4.2.6.1). */
    int flag() {
        return FIRST_FLAG >>> place;
    }
}
