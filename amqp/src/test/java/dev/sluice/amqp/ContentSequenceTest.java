package dev.sluice.amqp;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ContentSequenceTest {
    private final ContentSequence sequence = new ContentSequence();

    @Test
    void takesAMessageInSeveralBodyFrames() {
        assertThat(sequence.isComplete()).isTrue();
        assertThat(sequence.publish(1)).isNull();
        assertThat(sequence.header(1, 5)).isNull();
        assertThat(sequence.body(1, 2)).isNull();
        assertThat(sequence.body(1, 0)).isNull();
        assertThat(sequence.isComplete()).isFalse();
        assertThat(sequence.body(1, 3)).isNull();
        assertThat(sequence.isComplete()).isTrue();
        assertThat(sequence.method(1)).isNull();
    }

    @Test
    void takesAnEmptyMessage() {
        sequence.publish(1);
        assertThat(sequence.header(1, 0)).isNull();
        assertThat(sequence.isComplete()).isTrue();
    }

    @Test
    void refusesContentWithoutAMethod() {
        String text = "UNEXPECTED_FRAME - expected method frame, got non method frame instead";
        assertText(sequence.header(1, 3), text);
        assertText(sequence.body(1, 3), text);
    }

    @Test
    void refusesAnythingButAHeaderAfterPublish() {
        sequence.publish(1);
        String text = "UNEXPECTED_FRAME - expected content header for class 60, got non content header frame instead";
        assertText(sequence.method(1), text);
        assertText(sequence.publish(1), text);
        assertText(sequence.body(1, 1), text);
    }

    @Test
    void refusesAnythingButABodyUntilItIsComplete() {
        sequence.publish(1);
        sequence.header(1, 3);
        String text = "UNEXPECTED_FRAME - expected content body, got non content body frame instead";
        assertText(sequence.method(1), text);
        assertText(sequence.publish(1), text);
        assertText(sequence.header(1, 3), text);
        assertText(sequence.body(1, 4), "FRAME_ERROR - content body frame exceeds remaining content size");
    }

    private static void assertText(@Nullable Violation violation, String text) {
        assertThat(requireNonNull(violation).text()).isEqualTo(text);
    }
}
