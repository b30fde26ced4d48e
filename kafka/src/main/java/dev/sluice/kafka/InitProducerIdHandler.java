package dev.sluice.kafka;

import java.security.SecureRandom;
import java.util.random.RandomGenerator;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.protocol.Errors;

/**
 * Gives producers that number their batches an id, which no other has or had. It is random in 63 bits, so that nobody needs to remember which were given. Immutable.
 */
final class InitProducerIdHandler implements RequestHandler<InitProducerIdRequestData> {
    private static final long NO_PRODUCER = -1;
    private static final short NO_EPOCH = -1;
    private static final short FIRST_EPOCH = 0;

    private final RandomGenerator random = new SecureRandom();

    @Override
    public void handle(RequestContext context, InitProducerIdRequestData request) {
        Errors error = problem(request);
        boolean isGiven = error == Errors.NONE;
        context.answer(new InitProducerIdResponseData()
                .setErrorCode(error.code())
                .setProducerId(isGiven ? random.nextLong(Long.MAX_VALUE) : NO_PRODUCER)
                .setProducerEpoch(isGiven ? FIRST_EPOCH : NO_EPOCH));
    }

    /** A producer that names the id and epoch it had gets a new id all the same, as from Kafka: only transactions go on with an id. */
    private static Errors problem(InitProducerIdRequestData request) {
        boolean hasId = request.producerId() != NO_PRODUCER;
        boolean hasEpoch = request.producerEpoch() != NO_EPOCH;
        if (hasId != hasEpoch) {
            return Errors.INVALID_REQUEST;
        }
        // No client asks a second time, as it would after what says that the broker is not ready yet.
        return request.transactionalId() == null ? Errors.NONE : Errors.UNSUPPORTED_VERSION;
    }
}
