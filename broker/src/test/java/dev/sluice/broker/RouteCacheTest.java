package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.log.LogId;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class RouteCacheTest {
    private final RouteCache cache = new RouteCache();

    @Test
    void knowsARouteForOneVersionOfTheTopology() {
        Route route = Route.to(List.of(), true, false);
        assertThat(cache.get(1, "e", "k")).isNull();
        cache.put("e", "k", route);
        assertThat(cache.get(1, "e", "k")).isSameAs(route);
        assertThat(cache.get(1, "e", "other")).isNull();
        assertThat(cache.get(1, "other", "k")).isNull();
        assertThat(cache.get(2, "e", "k")).isNull();
        assertThat(cache.get(1, "e", "k")).isNull();
    }

    @SuppressWarnings("NullAway") // it is only counted, so it needs no shard
    private static Inlet inlet() {
        var spec = new QueueSpec("q", false, false, false, QueueSettings.DEFAULT);
        return new Inlet(new Queue(new LogId(QueueFactory.FIRST_QUEUE_ID), spec, 0, null, 1, null), null);
    }

    @Test
    void staysSmallWhateverTheLengthOfTheRoutes() {
        Route route = Route.to(Collections.nCopies(RouteCache.MOST_QUEUES / 2, inlet()), true, false);
        cache.put("e", "1", route);
        cache.put("e", "2", route);
        assertThat(cache.get(0, "e", "2")).isSameAs(route);
        cache.put("e", "3", route);
        assertThat(cache.get(0, "e", "1")).isNull();
        assertThat(cache.get(0, "e", "3")).isNull();
        cache.put("e", "4", route);
        assertThat(cache.get(0, "e", "4")).isSameAs(route);
    }
}
