package dev.sluice.kafka;

import dev.sluice.broker.Refusal;
import org.apache.kafka.common.protocol.Errors;

/** From the broker's refusals to Kafka's errors. Stateless. */
final class KafkaErrors {
    private KafkaErrors() {}

    /** What clients try again by themselves is retriable: {@link Errors#NOT_ENOUGH_REPLICAS} is known as such to all of them. */
    static Errors of(Refusal refusal) {
        return switch (refusal.reason()) {
            case QUEUE_NOT_FOUND, EXCHANGE_NOT_FOUND, UNROUTABLE, PARTITION_NOT_FOUND ->
                Errors.UNKNOWN_TOPIC_OR_PARTITION;
            case QUEUE_FULL, QUEUE_PAUSED, OVERLOADED, BUSY -> Errors.NOT_ENOUGH_REPLICAS;
            case STORAGE -> Errors.KAFKA_STORAGE_ERROR;
            case CLOSING -> Errors.NOT_LEADER_OR_FOLLOWER;
            case QUEUE_EXISTS, QUEUE_DIFFERS, EXCHANGE_DIFFERS -> Errors.TOPIC_ALREADY_EXISTS;
            case OFFSET_OUT_OF_RANGE -> Errors.OFFSET_OUT_OF_RANGE;
            case QUEUE_LOCKED, CONSUMER_EXCLUSIVE, EXCHANGE_INTERNAL, RESERVED -> Errors.TOPIC_AUTHORIZATION_FAILED;
            case OUT_OF_ORDER_SEQUENCE -> Errors.OUT_OF_ORDER_SEQUENCE_NUMBER;
            case OLD_PRODUCER_EPOCH -> Errors.INVALID_PRODUCER_EPOCH;
            case TRANSACTION_TOO_LARGE -> Errors.RECORD_LIST_TOO_LARGE;
            case INVALID, EXCHANGE_IN_USE, QUEUE_IN_USE, QUEUE_NOT_EMPTY, DELIVERY_OVER -> Errors.INVALID_REQUEST;
        };
    }

    /** Whether the client may be right in everything, and has only to wait. */
    static boolean isOfBackpressure(Errors error) {
        return error == Errors.NOT_ENOUGH_REPLICAS || error == Errors.KAFKA_STORAGE_ERROR;
    }

    /** For people. */
    static String text(Refusal refusal) {
        return refusal.reason() + " " + refusal.subject() + (refusal.detail().isEmpty() ? "" : ": " + refusal.detail());
    }
}
