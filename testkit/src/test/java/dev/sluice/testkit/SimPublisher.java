package dev.sluice.testkit;

import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.ConfirmSink;
import dev.sluice.broker.ConfirmWhen;
import dev.sluice.broker.RecordAttributes;
import dev.sluice.broker.Refusal;
import dev.sluice.broker.Route;
import dev.sluice.broker.RouteHeader;
import dev.sluice.log.RecordHeaders;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Confined to the thread of the simulation. Clients on one shard that publish, and what they were told. */
final class SimPublisher implements ConfirmSink {
    private final BrokerSim sim;
    private final int shard;
    private final Map<Long, PublishModel.Publication> sent = new HashMap<>();

    SimPublisher(BrokerSim sim, int shard) {
        this.sim = sim;
        this.shard = shard;
    }

    /** Publishes one record to these queues, which is where the exchange leads with this key; {@code confirm}: null for no answer. */
    void publish(
            BrokerShard view,
            Route route,
            String exchange,
            String routingKey,
            List<QueueModel> queues,
            SimSender.Draft draft,
            @Nullable ConfirmWhen confirm) {
        boolean wantsAnswer = confirm != null;
        RecordAttributes attributes = draft.attributes();
        if (queues.stream().allMatch(QueueModel::isThere)) {
            BrokerModel.require(
                    route.queueCount() == queues.size(),
                    "a route leads to " + route.queueCount() + " queues instead of to " + queues);
        } else if (route.queueCount() < queues.size()) {
            return;
        }
        long id = sim.model.nextId();
        List<CopyModel> copies =
                queues.stream().map(queue -> copy(id, queue, draft)).toList();
        sent.put(id, sim.model.publishing.published(copies, wantsAnswer, confirm == ConfirmWhen.STORED));
        sim.trace.add("publish " + copies + " " + attributes + (wantsAnswer ? " " + confirm : "") + " on " + shard);
        ByteBuf headers = headers(exchange, routingKey, attributes);
        view.publish(
                route,
                attributes,
                draft.key() == 0 ? null : Unpooled.buffer().writeInt(draft.key()),
                Payload.of(id, draft.bytes()),
                headers,
                confirm == null ? ConfirmWhen.STORED : confirm,
                wantsAnswer ? this : null,
                id);
    }

    private CopyModel copy(long id, QueueModel queue, SimSender.Draft draft) {
        var copy = new CopyModel(id, queue, shard, sim.model.life(), draft.attributes(), draft.bytes(), draft.key());
        copy.lane = Math.min(draft.attributes().priority(), queue.lanes() - 1);
        return copy;
    }

    private static ByteBuf headers(String exchange, String routingKey, RecordAttributes attributes) {
        ByteBuf out = Unpooled.buffer();
        RecordHeaders.writeCount(out, attributes.isStored() ? 2 : 1);
        if (attributes.isStored()) {
            RecordHeaders.write(out, RecordAttributes.KEY, attributes.encode());
        }
        RecordHeaders.write(out, RouteHeader.KEY, RouteHeader.encode(exchange, routingKey));
        return out;
    }

    @Override
    public void stored(long firstSequence, long lastSequence) {
        sim.hears(() -> {
            for (long id = firstSequence; id <= lastSequence; id++) {
                sim.trace.add("stored " + id);
                sim.model.publishing.stored(publication(id));
            }
        });
    }

    @Override
    public void refused(long firstSequence, long lastSequence, Refusal refusal) {
        sim.hears(() -> {
            for (long id = firstSequence; id <= lastSequence; id++) {
                sim.trace.add("refused " + id + ": " + refusal);
                sim.model.publishing.refused(publication(id), refusal.subject(), refusal.reason());
            }
        });
    }

    private PublishModel.Publication publication(long id) {
        PublishModel.Publication publication = sent.get(id);
        if (publication == null) {
            throw new AssertionError("an answer for " + id + ", which was not published here");
        }
        return publication;
    }
}
