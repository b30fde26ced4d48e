package dev.sluice.kafka;

import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.TopicHandle;
import dev.sluice.kafka.group.GroupCoordinator;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

/** Names and ids of topics. Stateless. */
final class Topics {
    private static final Pattern NAME = Pattern.compile("(?!\\.{1,2}$)[a-zA-Z0-9._-]{1,249}");
    /** Before the broker's own id. */
    private static final long ID_PREFIX = 0x736c_7569_6365_4000L;

    private Topics() {}

    /** Whether Kafka's clients take it for the name of a topic. */
    static boolean isName(String name) {
        return NAME.matcher(name).matches();
    }

    /** Whether it is the gateway's own. */
    static boolean isInternal(String name) {
        return name.equals(GroupCoordinator.TOPIC);
    }

    static Uuid id(TopicHandle topic) {
        return new Uuid(ID_PREFIX, topic.id());
    }

    /** Of one that clients may see. */
    static Optional<Uuid> idIfSeen(TopicHandle topic) {
        return isName(topic.name()) ? Optional.of(id(topic)) : Optional.empty();
    }

    /** Null if there is none. */
    static @Nullable TopicHandle byId(BrokerShard broker, Uuid id) {
        return id.getMostSignificantBits() == ID_PREFIX ? broker.topic(id.getLeastSignificantBits()) : null;
    }

    /** Null if there is none with a name that clients know what to do with. */
    static @Nullable TopicHandle byName(BrokerShard broker, String name) {
        return isName(name) ? broker.topic(name) : null;
    }

    /** By the name, or where that is empty by the id; null if there is none. */
    static @Nullable TopicHandle find(BrokerShard broker, @Nullable String name, Uuid id) {
        return name == null || name.isEmpty() ? byId(broker, id) : byName(broker, name);
    }
}
