package dev.sluice.kafka;

import dev.sluice.broker.PartitionStream;
import dev.sluice.broker.Refusal;
import dev.sluice.broker.TopicHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.kafka.common.message.DescribeLogDirsRequestData;
import org.apache.kafka.common.message.DescribeLogDirsRequestData.DescribableLogDirTopic;
import org.apache.kafka.common.message.DescribeLogDirsResponseData;
import org.apache.kafka.common.message.DescribeLogDirsResponseData.DescribeLogDirsPartition;
import org.apache.kafka.common.message.DescribeLogDirsResponseData.DescribeLogDirsResult;
import org.apache.kafka.common.message.DescribeLogDirsResponseData.DescribeLogDirsTopic;

/** Tells how large partitions are. They are all in the one data folder. Stateless. */
final class DescribeLogDirsHandler implements RequestHandler<DescribeLogDirsRequestData> {
    /** What tools show for the data folder. */
    static final String DATA_FOLDER = "data";

    @Override
    public void handle(RequestContext context, DescribeLogDirsRequestData request) {
        var folder = new DescribeLogDirsResult().setLogDir(DATA_FOLDER);
        var response = new DescribeLogDirsResponseData().setResults(List.of(folder));
        var countdown = new Countdown(() -> context.answer(response));
        if (request.topics() == null) {
            for (TopicHandle topic : context.broker().topics()) {
                if (Topics.isName(topic.name())) {
                    int count = topic.partitionCount();
                    describe(folder, topic, IntStream.range(0, count).boxed().toList(), countdown);
                }
            }
        } else {
            for (DescribableLogDirTopic asked : request.topics()) {
                TopicHandle topic = Topics.byName(context.broker(), asked.topic());
                if (topic != null) {
                    describe(folder, topic, asked.partitions(), countdown);
                }
            }
        }
        countdown.ended();
    }

    private static void describe(
            DescribeLogDirsResult folder, TopicHandle topic, List<Integer> partitions, Countdown countdown) {
        var described = new DescribeLogDirsTopic().setName(topic.name()).setPartitions(new ArrayList<>());
        folder.topics().add(described);
        for (int index : partitions) {
            if (index < 0 || index >= topic.partitionCount()) {
                continue;
            }
            countdown.expect();
            topic.partition(index).size(new PartitionStream.SizeReply() {
                @Override
                public void size(long bytes) {
                    described
                            .partitions()
                            .add(new DescribeLogDirsPartition()
                                    .setPartitionIndex(index)
                                    .setPartitionSize(bytes));
                    countdown.ended();
                }

                @Override
                public void refused(Refusal refusal) {
                    countdown.ended(); // what is not available has no size
                }
            });
        }
    }
}
