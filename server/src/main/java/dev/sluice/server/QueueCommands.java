package dev.sluice.server;

import dev.sluice.broker.BrokerException;
import dev.sluice.broker.PeekPage;
import dev.sluice.broker.QueueOverview;
import dev.sluice.broker.QueuePauses;
import dev.sluice.broker.QueueSettings;
import dev.sluice.broker.QueueTools;
import dev.sluice.broker.Refusal;
import dev.sluice.broker.TransferProgress;
import dev.sluice.broker.TransferRequest;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** What {@code sluice queue} has a running broker do: the other end of {@link QueueCommand}. Thread-safe; its commands block, and so are not for a shard. */
final class QueueCommands {
    private final QueueTools tools;

    private QueueCommands(QueueTools tools) {
        this.tools = tools;
    }

    /** By their names on the control socket. */
    static Map<String, UnaryOperator<String>> of(QueueTools tools) {
        var commands = new QueueCommands(tools);
        var all = new EnumMap<QueueAction, Function<ControlArguments, String>>(QueueAction.class);
        for (QueueAction action : QueueAction.values()) {
            all.put(action, commands.of(action));
        }
        return all.entrySet().stream()
                .collect(Collectors.toMap(
                        entry -> entry.getKey().command(),
                        entry -> line -> entry.getValue().apply(ControlArguments.decode(line))));
    }

    private Function<ControlArguments, String> of(QueueAction action) {
        return switch (action) {
            case LIST -> this::list;
            case PEEK -> this::peek;
            case STORY ->
                words -> QueueTexts.story(await(tools.story(queue(words), QueueRequests.story(words))), words);
            case PAUSE -> words -> paused(words, tools.pause(queue(words), QueueRequests.pauses(words)));
            case RESUME -> words -> paused(words, tools.resume(queue(words), QueueRequests.pauses(words)));
            case SET -> words -> settings(words, tools.changeSettings(queue(words), QueueRequests.settings(words)));
            case PURGE -> this::purge;
            case MOVE -> words -> start(words, QueueRequests.move(words, System.currentTimeMillis()));
            case COPY -> words -> start(words, QueueRequests.copy(words, System.currentTimeMillis()));
            case REDRIVE -> words -> start(words, QueueRequests.redrive(words, System.currentTimeMillis()));
            case PROGRESS -> words -> progress(words, await(tools.progress(queue(words))));
            case STOP -> words -> progress(words, await(tools.stop(queue(words))));
        };
    }

    private static String queue(ControlArguments words) {
        return words.get(QueueRequests.QUEUE, "");
    }

    private String list(ControlArguments words) {
        String only = words.get(QueueRequests.QUEUE);
        List<QueueOverview> queues = await(tools.list()).stream()
                .filter(queue -> only == null || queue.spec().name().equals(only))
                .toList();
        if (only != null && queues.isEmpty()) {
            throw new IllegalArgumentException(text(new Refusal(Refusal.Reason.QUEUE_NOT_FOUND, only)));
        }
        return QueueTexts.list(queues, words);
    }

    private String peek(ControlArguments words) {
        PeekPage page = await(tools.peek(queue(words), QueueRequests.peek(words, System.currentTimeMillis())));
        return QueueTexts.page(page, words);
    }

    private static String paused(ControlArguments words, CompletableFuture<QueuePauses> change) {
        return "queue " + queue(words) + ": " + QueueTexts.pauses(await(change));
    }

    private static String settings(ControlArguments words, CompletableFuture<QueueSettings> change) {
        return "queue " + queue(words) + ": " + QueueTexts.settings(await(change));
    }

    private String purge(ControlArguments words) {
        TransferRequest request = QueueRequests.purge(words, System.currentTimeMillis());
        return request.equals(TransferRequest.purge())
                ? QueueTexts.purged(await(tools.purge(queue(words))), words)
                : start(words, request);
    }

    private String start(ControlArguments words, TransferRequest request) {
        return QueueTexts.transfer(await(tools.start(queue(words), request)), words);
    }

    private static String progress(ControlArguments words, Optional<TransferProgress> progress) {
        return progress.map(known -> QueueTexts.transfer(known, words))
                .orElseThrow(() -> new IllegalArgumentException("no messages of the queue " + queue(words)
                        + " were moved, copied, redriven or purged by a filter since the broker was started"));
    }

    private static <T> T await(CompletableFuture<T> answer) {
        try {
            return answer.join();
        } catch (CompletionException failure) {
            throw failure.getCause() instanceof BrokerException known
                    ? new IllegalArgumentException(text(known.refusal()), known)
                    : failure;
        }
    }

    private static String text(Refusal refusal) {
        String detail = refusal.detail().isEmpty() ? "" : ": " + refusal.detail();
        return switch (refusal.reason()) {
            case QUEUE_NOT_FOUND ->
                "there is no queue " + refusal.subject() + "; 'sluice queue list' shows those that there are";
            case EXCHANGE_NOT_FOUND -> "there is no exchange " + refusal.subject();
            case BUSY -> "the queue " + refusal.subject() + " is busy" + detail;
            case INVALID -> "the queue " + refusal.subject() + detail;
            default -> refusal.reason() + " " + refusal.subject() + detail;
        };
    }
}
