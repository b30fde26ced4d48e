package dev.sluice.kafka;

import java.util.List;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.protocol.Errors;

/** Reads batches as they are stored, or waits for some. Stateless. */
final class FetchHandler implements RequestHandler<FetchRequestData> {
    private static final short FIRST_WITH_SESSIONS = 7;

    @Override
    public void handle(RequestContext context, FetchRequestData request) {
        FetchSessions sessions = context.fetchSessions();
        FetchSessions.Turn turn = context.version() < FIRST_WITH_SESSIONS
                ? FetchSessions.withoutSession(request)
                : sessions.turn(request);
        if (turn.error() != Errors.NONE) {
            context.answer(
                    new FetchResponseData().setErrorCode(turn.error().code()).setResponses(List.of()));
            return;
        }
        new Fetch(context, request, turn).begin();
    }
}
