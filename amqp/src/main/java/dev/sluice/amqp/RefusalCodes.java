package dev.sluice.amqp;

import dev.sluice.broker.QueueProperty;
import dev.sluice.broker.Refusal;
import java.util.Locale;

/** From the broker's refusals to AMQP's reply codes and RabbitMQ's words for them. Stateless. */
final class RefusalCodes {
    private static final int DIFFERENCE_PARTS = 3;

    private RefusalCodes() {}

    static ReplyCode code(Refusal refusal) {
        return switch (refusal.reason()) {
            case EXCHANGE_NOT_FOUND, QUEUE_NOT_FOUND -> ReplyCode.NOT_FOUND;
            case EXCHANGE_DIFFERS,
                    QUEUE_EXISTS,
                    EXCHANGE_IN_USE,
                    QUEUE_IN_USE,
                    QUEUE_NOT_EMPTY,
                    QUEUE_FULL,
                    QUEUE_PAUSED,
                    DELIVERY_OVER,
                    TRANSACTION_TOO_LARGE,
                    PARTITION_NOT_FOUND,
                    OFFSET_OUT_OF_RANGE,
                    OUT_OF_ORDER_SEQUENCE,
                    OLD_PRODUCER_EPOCH,
                    INVALID -> ReplyCode.PRECONDITION_FAILED;
            case QUEUE_DIFFERS -> differsInOwner(refusal) ? ReplyCode.RESOURCE_LOCKED : ReplyCode.PRECONDITION_FAILED;
            case QUEUE_LOCKED -> ReplyCode.RESOURCE_LOCKED;
            case CONSUMER_EXCLUSIVE, RESERVED, EXCHANGE_INTERNAL -> ReplyCode.ACCESS_REFUSED;
            case UNROUTABLE -> ReplyCode.NO_ROUTE;
            case STORAGE -> ReplyCode.INTERNAL_ERROR;
            case OVERLOADED, BUSY -> ReplyCode.RESOURCE_ERROR;
            case CLOSING -> ReplyCode.CONNECTION_FORCED;
        };
    }

    static String explanation(Refusal refusal) {
        String name = refusal.subject();
        return switch (refusal.reason()) {
            case EXCHANGE_NOT_FOUND -> "no " + exchange(name);
            case QUEUE_NOT_FOUND -> "no " + queue(name);
            case EXCHANGE_DIFFERS -> difference(exchange(name), refusal.detail());
            case QUEUE_DIFFERS -> differsInOwner(refusal) ? locked(name) : difference(queue(name), refusal.detail());
            case QUEUE_EXISTS -> queue(name) + " exists";
            case QUEUE_LOCKED -> locked(name);
            case EXCHANGE_IN_USE -> exchange(name) + " in use";
            case QUEUE_IN_USE -> queue(name) + " in use";
            case QUEUE_NOT_EMPTY -> queue(name) + " not empty";
            case INVALID, PARTITION_NOT_FOUND, OFFSET_OUT_OF_RANGE ->
                "not possible for " + queue(name) + reason(refusal);
            case CONSUMER_EXCLUSIVE -> queue(name) + " in exclusive use";
            case RESERVED -> "operation not permitted on " + name + reason(refusal);
            case EXCHANGE_INTERNAL -> "cannot publish to internal " + exchange(name);
            case QUEUE_FULL -> queue(name) + " is full" + reason(refusal);
            case UNROUTABLE -> exchange(name) + " leads to no queue" + reason(refusal);
            case DELIVERY_OVER -> "a delivery of " + queue(name) + " is not the consumer's any more" + reason(refusal);
            case TRANSACTION_TOO_LARGE -> "the transaction is too large" + reason(refusal);
            case QUEUE_PAUSED -> queue(name) + " is paused" + reason(refusal);
            case OUT_OF_ORDER_SEQUENCE -> "a batch for " + queue(name) + " is out of order" + reason(refusal);
            case OLD_PRODUCER_EPOCH -> "a producer of " + queue(name) + " is of an old epoch" + reason(refusal);
            case BUSY -> queue(name) + " is busy" + reason(refusal);
            case STORAGE -> "storage of " + queue(name) + " is not available" + reason(refusal);
            case OVERLOADED -> refusal.subject() + " is short" + reason(refusal);
            case CLOSING -> "broker forced connection closure with reason 'shutdown'";
        };
    }

    /** As {@code exchange 'logs' in vhost '/'}. */
    static String exchange(String name) {
        return "exchange '" + name + "' in vhost '/'";
    }

    static String queue(String name) {
        return "queue '" + name + "' in vhost '/'";
    }

    private static String reason(Refusal refusal) {
        return refusal.detail().isEmpty() ? "" : ": " + refusal.detail();
    }

    private static String locked(String queue) {
        return "cannot obtain exclusive access to locked " + queue(queue)
                + ". It could be originally declared on another connection or the exclusive property value does not match that of the original declaration.";
    }

    private static boolean differsInOwner(Refusal refusal) {
        return refusal.detail().startsWith("exclusive|");
    }

    private static String difference(String what, String detail) {
        String[] parts = detail.split("\\|", DIFFERENCE_PARTS);
        if (parts.length < DIFFERENCE_PARTS) {
            return "inequivalent arg for " + what + ": " + detail;
        }
        return switch (parts[0]) {
            case "durable", "auto_delete", "internal" ->
                inequivalent(parts[0], what, "'" + parts[1] + "'", "'" + parts[2] + "'");
            case "type" -> inequivalent(parts[0], what, "'" + lower(parts[1]) + "'", "'" + lower(parts[2]) + "'");
            case "alternate-exchange" -> inequivalent("alternate-exchange", what, text(parts[1]), text(parts[2]));
            default -> inequivalent("x-" + parts[0], what, value(parts[0], parts[1]), value(parts[0], parts[2]));
        };
    }

    private static String inequivalent(String argument, String what, String received, String current) {
        return "inequivalent arg '" + argument + "' for " + what + ": received " + received + " but current is "
                + current;
    }

    private static String lower(String type) {
        return type.toLowerCase(Locale.ROOT);
    }

    private static String text(String value) {
        return value.equals("null") ? "none" : "the value '" + value + "' of type 'longstr'";
    }

    /** The value of a queue's property, with the type that it has over the wire. */
    private static String value(String property, String value) {
        QueueProperty known = QueueProperty.named(property);
        String type = known == null
                ? "longstr"
                : switch (known.kind()) {
                    case QueueProperty.Kind.Whole whole -> "signedint";
                    case QueueProperty.Kind.Flag flag -> "bool";
                    case QueueProperty.Kind.Choice choice -> "longstr";
                    case QueueProperty.Kind.Position position -> "longstr";
                    case QueueProperty.Kind.Text text -> "longstr";
                    case QueueProperty.Kind.Durable durable -> "longstr";
                };
        return value.equals("null") ? "none" : "the value '" + value + "' of type '" + type + "'";
    }
}
