package dev.sluice.kafka.group;

import com.yammer.metrics.core.MetricsRegistry;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.metrics.Metrics;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.coordinator.group.GroupConfigManager;
import org.apache.kafka.coordinator.group.GroupCoordinatorConfig;
import org.apache.kafka.coordinator.group.metrics.GroupCoordinatorMetrics;
import org.apache.kafka.coordinator.group.modern.share.ShareGroupConfig;
import org.apache.kafka.storage.internals.log.LogConfig;

/** What the coordinator is made of and takes long to make: hundreds of settings and the classes that they need. Immutable. */
record CoordinatorParts(
        GroupCoordinatorConfig config,
        GroupConfigManager groupConfigs,
        GroupCoordinatorMetrics metrics,
        LogConfig log) {

    /** Blocks for a good part of a second, the first time in a process: not for a shard. */
    static CoordinatorParts of(GroupSettings settings) {
        Map<String, Object> chosen = Map.of(
                GroupCoordinatorConfig.GROUP_INITIAL_REBALANCE_DELAY_MS_CONFIG, settings.initialRebalanceDelayMs(),
                GroupCoordinatorConfig.OFFSETS_RETENTION_MINUTES_CONFIG, settings.offsetsRetentionMinutes());
        ConfigDef known = Utils.mergeConfigs(List.of(GroupCoordinatorConfig.CONFIG_DEF, ShareGroupConfig.CONFIG_DEF));
        var values = new AbstractConfig(known, chosen, false);
        var config = new GroupCoordinatorConfig(values);
        return new CoordinatorParts(
                config,
                new GroupConfigManager(config, new ShareGroupConfig(values)),
                new GroupCoordinatorMetrics(new MetricsRegistry(), new Metrics()),
                new LogConfig(Map.of()));
    }
}
