package dev.sluice.testkit;

import dev.sluice.broker.QueueProperty;
import dev.sluice.broker.QueueSettings;
import dev.sluice.broker.QueueSettings.Overflow;
import dev.sluice.broker.QueueSpec;
import java.util.List;

/** Stateless. Queues as somebody might declare them. */
final class RandomQueues {
    private RandomQueues() {}

    /** Its dead letters go to one of {@code others}, or nowhere. */
    static QueueSpec next(Seeded random, String name, List<QueueModel> others) {
        boolean isDurable = random.percent(85);
        List<QueueModel> targets = others.stream()
                .filter(other -> !isDurable
                        || (other.spec.durable() && other.settings.durability().isSync()))
                .toList();
        QueueSettings settings = QueueSettings.DEFAULT;
        if (random.oneIn(3)) {
            settings = withLimits(random, settings);
        }
        if (random.oneIn(6)) {
            settings = settings.with(QueueProperty.MESSAGE_TTL, random.oneIn(8) ? 0 : random.between(1, 4_000));
        }
        if (random.oneIn(3)) {
            settings = settings.with(QueueProperty.DELIVERY_LIMIT, random.between(-1, 4));
        }
        if (random.oneIn(4)) {
            settings = withRetries(random, settings);
        }
        if (random.oneIn(5)) {
            settings = settings.with(QueueProperty.CONSUMER_TIMEOUT, random.between(50, 3_000));
        }
        if (random.oneIn(3)) {
            settings = settings.with(QueueProperty.MAX_PRIORITY, random.between(1, 4));
        }
        if (settings.maxPriority() > 0 && random.oneIn(3)) {
            settings = settings.with(QueueProperty.PRIORITY_AGING, random.between(1, 3_000));
        }
        if (random.oneIn(6)) {
            settings = settings.with(QueueProperty.SINGLE_ACTIVE_CONSUMER, true);
        }
        if (random.oneIn(4)) {
            settings = settings.with(QueueProperty.ORDERING, random.pick(List.of("key", "key", "fair")));
        }
        if (random.oneIn(3)) {
            settings = targets.isEmpty() || random.oneIn(8)
                    ? settings.with(QueueProperty.DEAD_LETTER_EXCHANGE, "nowhere")
                    : settings.with(QueueProperty.DEAD_LETTER_EXCHANGE, "")
                            .with(QueueProperty.DEAD_LETTER_ROUTING_KEY, random.pick(targets).name);
        }
        if (random.oneIn(12)) {
            settings = settings.with(QueueProperty.DURABILITY, random.oneIn(2) ? "none" : "interval=50ms");
        }
        return new QueueSpec(name, isDurable, false, false, settings);
    }

    private static QueueSettings withLimits(Seeded random, QueueSettings settings) {
        if (random.oneIn(30)) {
            return settings.withMaxLength(0, Overflow.DROP_OLDEST);
        }
        Overflow overflow = random.pick(List.of(Overflow.values()));
        QueueSettings with = settings.with(QueueProperty.OVERFLOW, overflow.word());
        int kinds = random.between(1, 7);
        if ((kinds & 1) != 0) {
            with = with.with(QueueProperty.MAX_LENGTH, random.between(1, 12));
        }
        if ((kinds & 2) != 0) {
            boolean drops = overflow == Overflow.DROP_OLDEST || overflow == Overflow.DROP_LOWEST_PRIORITY;
            // A dead letter that is larger than the limit of a queue which drops nothing would wait for ever.
            int least = drops ? Payload.LEAST_BYTES : PublishOps.LARGEST_BYTES;
            with = with.with(QueueProperty.MAX_LENGTH_BYTES, random.between(least, 12_000));
        }
        return (kinds & 4) == 0 ? with : with.with(QueueProperty.MAX_AGE, random.between(100, 4_000));
    }

    private static QueueSettings withRetries(Seeded random, QueueSettings settings) {
        QueueSettings with = settings.with(
                        QueueProperty.DELAYED_RETRY_TYPE, random.pick(List.of("fixed", "linear", "exponential")))
                .with(QueueProperty.DELAYED_RETRY_MIN, random.between(1, 800));
        return random.oneIn(2) ? with : with.with(QueueProperty.DELAYED_RETRY_MAX, random.between(1, 3_000));
    }
}
