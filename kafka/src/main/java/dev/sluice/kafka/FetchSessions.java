package dev.sluice.kafka;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.apache.kafka.common.message.FetchRequestData.FetchTopic;
import org.apache.kafka.common.message.FetchRequestData.ForgottenTopic;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.FetchMetadata;
import org.jspecify.annotations.Nullable;

/**
 * What one client fetches again and again, so that it need not say all of it each time (KIP-227). There is one session for each connection, which goes with it: a client that comes back begins a new one. Confined to the connection's
 * shard.
 */
final class FetchSessions {
    /** A client that fetches from more partitions has to name them each time. */
    static final int MOST_PARTITIONS = 10_000;

    private @Nullable Session session;

    /** Where a partition is: by the topic's name or, in newer versions, by its id. */
    record Place(String topic, Uuid topicId, int partition) {}

    /** What is fetched from one partition, and what the client knows of it. */
    static final class Wish {
        final Place place;
        FetchPartition request;
        /** What the last answer said; -1 if there was none. */
        long knownEnd = -1;

        long knownStart = -1;

        Wish(Place place, FetchPartition request) {
            this.place = place;
            this.request = request;
        }
    }

    /** One request: all that it asks for, also what it did not say again. {@code sessionId} 0 for none. */
    record Turn(
            Errors error,
            int sessionId,
            boolean isIncremental,
            Collection<Wish> wishes,
            @Nullable Session session) {
        private static Turn failed(Errors error) {
            return new Turn(error, FetchMetadata.INVALID_SESSION_ID, false, List.of(), null);
        }

        /** The partition gave something: next time others come first. */
        void served(Wish wish) {
            if (session != null) {
                session.wishes.remove(wish.place);
                session.wishes.put(wish.place, wish);
            }
        }
    }

    /** What is remembered. */
    static final class Session {
        private final int id;
        private int nextEpoch = FetchMetadata.nextEpoch(FetchMetadata.INITIAL_EPOCH);
        private final Map<Place, Wish> wishes = new LinkedHashMap<>();

        Session(int id) {
            this.id = id;
        }

        private Turn turn(boolean isIncremental) {
            return new Turn(Errors.NONE, id, isIncremental, List.copyOf(wishes.values()), this);
        }
    }

    static Turn withoutSession(FetchRequestData request) {
        return new Turn(Errors.NONE, FetchMetadata.INVALID_SESSION_ID, false, wishes(request), null);
    }

    Turn turn(FetchRequestData request) {
        int id = request.sessionId();
        int epoch = request.sessionEpoch();
        Session open = session;
        if (epoch == FetchMetadata.INITIAL_EPOCH || epoch == FetchMetadata.FINAL_EPOCH) {
            session = null;
            return epoch == FetchMetadata.INITIAL_EPOCH ? begin(request) : withoutSession(request);
        }
        if (open == null || open.id != id) {
            return Turn.failed(Errors.FETCH_SESSION_ID_NOT_FOUND);
        }
        if (open.nextEpoch != epoch) {
            return Turn.failed(Errors.INVALID_FETCH_SESSION_EPOCH);
        }
        open.nextEpoch = FetchMetadata.nextEpoch(epoch);
        for (Wish wish : wishes(request)) {
            Wish known = open.wishes.get(wish.place);
            if (known == null) {
                open.wishes.put(wish.place, wish);
            } else {
                known.request = wish.request;
            }
        }
        for (ForgottenTopic topic : request.forgottenTopicsData()) {
            for (int partition : topic.partitions()) {
                open.wishes.remove(new Place(topic.topic(), topic.topicId(), partition));
            }
        }
        if (open.wishes.size() > MOST_PARTITIONS) {
            session = null;
            return Turn.failed(Errors.FETCH_SESSION_ID_NOT_FOUND);
        }
        return open.turn(true);
    }

    private Turn begin(FetchRequestData request) {
        List<Wish> wishes = wishes(request);
        if (wishes.isEmpty() || wishes.size() > MOST_PARTITIONS) {
            return new Turn(Errors.NONE, FetchMetadata.INVALID_SESSION_ID, false, wishes, null);
        }
        var begun = new Session(ThreadLocalRandom.current().nextInt(1, Integer.MAX_VALUE));
        wishes.forEach(wish -> begun.wishes.put(wish.place, wish));
        session = begun;
        return begun.turn(false);
    }

    private static List<Wish> wishes(FetchRequestData request) {
        var wishes = new ArrayList<Wish>();
        for (FetchTopic topic : request.topics()) {
            for (FetchPartition partition : topic.partitions()) {
                wishes.add(new Wish(new Place(topic.topic(), topic.topicId(), partition.partition()), partition));
            }
        }
        return wishes;
    }
}
