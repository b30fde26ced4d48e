package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.impl.AMQImpl;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the broker does with peers that break the rules of the protocol. */
@ExtendWith(AmqpExtension.class)
@Timeout(60)
final class ProtocolViolationIT {
    private static final byte[] NO_PROPERTIES = {0, 0};

    @Test
    void refusesAMethodOnAChannelThatIsNotOpen(Amqp amqp) throws Exception {
        try (RawAmqp raw = RawAmqp.open(amqp.port())) {
            raw.send(1, new AMQImpl.Basic.Qos(0, 1, false));
            assertThat(raw.closed()).isEqualTo(Closed.connection(504, "CHANNEL_ERROR - expected 'channel.open'"));
        }
    }

    @Test
    void refusesToOpenAChannelTwice(Amqp amqp) throws Exception {
        try (RawAmqp raw = RawAmqp.open(amqp.port())) {
            raw.openChannel(1);
            raw.send(1, new AMQImpl.Channel.Open(""));
            assertThat(raw.closed()).isEqualTo(Closed.connection(504, "CHANNEL_ERROR - second 'channel.open' seen"));
        }
    }

    @Test
    void refusesAFrameLargerThanAgreed(Amqp amqp) throws Exception {
        try (RawAmqp raw = RawAmqp.open(amqp.port(), 0, 4096, 0)) {
            raw.openChannel(1);
            raw.sendFrame(RawAmqp.BODY, 1, new byte[4097]);
            assertThat(raw.closed())
                    .extracting(Closed::scope, Closed::code)
                    .containsExactly(Closed.Scope.CONNECTION, 501);
        }
    }

    @Test
    void refusesAFrameWithoutItsEnd(Amqp amqp) throws Exception {
        try (RawAmqp raw = RawAmqp.open(amqp.port())) {
            raw.openChannel(1);
            raw.sendFrame(RawAmqp.HEARTBEAT, 0, new byte[0], 0);
            assertThat(raw.closed())
                    .extracting(Closed::scope, Closed::code)
                    .containsExactly(Closed.Scope.CONNECTION, 501);
        }
    }

    @Test
    void refusesAFrameOfAnUnknownType(Amqp amqp) throws Exception {
        try (RawAmqp raw = RawAmqp.open(amqp.port())) {
            raw.openChannel(1);
            raw.sendFrame(7, 1, new byte[] {1, 2, 3});
            assertThat(raw.closed())
                    .extracting(Closed::scope, Closed::code)
                    .containsExactly(Closed.Scope.CONNECTION, 501);
        }
    }

    @Test
    void refusesAnUnknownMethod(Amqp amqp) throws Exception {
        try (RawAmqp raw = RawAmqp.open(amqp.port())) {
            raw.openChannel(1);
            raw.sendFrame(RawAmqp.METHOD, 1, new byte[] {0, 60, 0, 99});
            assertThat(raw.ended().map(Closed::scope).orElse(Closed.Scope.CONNECTION))
                    .isEqualTo(Closed.Scope.CONNECTION);
        }
    }

    @Test
    void refusesAMethodWithTooFewArguments(Amqp amqp) throws Exception {
        try (RawAmqp raw = RawAmqp.open(amqp.port())) {
            raw.openChannel(1);
            raw.sendFrame(RawAmqp.METHOD, 1, new byte[] {0, 50, 0, 10, 0});
            Closed closed = raw.closed();
            assertThat(closed.scope()).isEqualTo(Closed.Scope.CONNECTION);
            assertThat(closed.code()).isIn(501, 502);
        }
    }

    @Test
    void refusesAMethodWhereAContentHeaderBelongs(Amqp amqp) throws Exception {
        try (RawAmqp raw = publishing(amqp)) {
            raw.send(1, new AMQImpl.Basic.Qos(0, 1, false));
            assertThat(raw.closed())
                    .isEqualTo(
                            Closed.connection(
                                    505,
                                    "UNEXPECTED_FRAME - expected content header for class 60, got non content header frame instead"));
        }
    }

    @Test
    void refusesAMethodWhereABodyBelongs(Amqp amqp) throws Exception {
        try (RawAmqp raw = publishing(amqp)) {
            raw.sendContentHeader(1, 10, NO_PROPERTIES);
            raw.send(1, new AMQImpl.Basic.Qos(0, 1, false));
            assertThat(raw.closed())
                    .isEqualTo(Closed.connection(
                            505, "UNEXPECTED_FRAME - expected content body, got non content body frame instead"));
        }
    }

    @Test
    void refusesABodyWithoutAPublish(Amqp amqp) throws Exception {
        try (RawAmqp raw = RawAmqp.open(amqp.port())) {
            raw.openChannel(1);
            raw.sendFrame(RawAmqp.BODY, 1, new byte[] {1});
            assertThat(raw.closed())
                    .isEqualTo(Closed.connection(
                            505, "UNEXPECTED_FRAME - expected method frame, got non method frame instead"));
        }
    }

    /** RabbitMQ 3.10 waits for more instead. */
    @Test
    @DisabledIfSystemProperty(named = "broker.kind", matches = "rabbitmq")
    void refusesABodyLongerThanAnnounced(Amqp amqp) throws Exception {
        try (RawAmqp raw = publishing(amqp)) {
            raw.sendContentHeader(1, 2, NO_PROPERTIES);
            raw.sendFrame(RawAmqp.BODY, 1, new byte[3]);
            assertThat(raw.closed()).extracting(Closed::scope).isEqualTo(Closed.Scope.CONNECTION);
        }
    }

    @Test
    void takesABodyInAsManyFramesAsThePublisherLikes(Amqp amqp) throws Exception {
        try (RawAmqp raw = RawAmqp.open(amqp.port())) {
            raw.openChannel(1);
            raw.send(1, new AMQImpl.Queue.Declare(0, "", false, false, true, true, false, Map.of()));
            String queue = raw.expect(AMQP.Queue.DeclareOk.class).getQueue();
            raw.send(1, new AMQImpl.Confirm.Select(false));
            raw.expect(AMQP.Confirm.SelectOk.class);
            raw.send(1, new AMQImpl.Basic.Publish(0, "", queue, false, false));
            raw.sendContentHeader(1, 3, NO_PROPERTIES);
            for (byte b : new byte[] {1, 2, 3}) {
                raw.sendFrame(RawAmqp.BODY, 1, new byte[] {b});
            }
            raw.expect(AMQP.Basic.Ack.class);
            raw.send(1, new AMQImpl.Basic.Get(0, queue, true));
            raw.expect(AMQP.Basic.GetOk.class);
            assertThat(raw.content().type()).isEqualTo(RawAmqp.HEADER);
            assertThat(raw.content().payload()).containsExactly(1, 2, 3);
        }
    }

    @Test
    void dropsAPeerThatSendsALargeFrameBeforeItHasLoggedIn(Amqp amqp) throws Exception {
        try (RawAmqp raw = RawAmqp.connect(amqp.port())) {
            raw.start();
            raw.sendBytes(new byte[] {RawAmqp.METHOD, 0, 0, 0x7f, 0, 0, 0});
            raw.untilEnd();
        }
    }

    @Test
    void staysHealthyWhenAPeerVanishesInTheMiddleOfAMessage(Amqp amqp) throws Exception {
        try (RawAmqp raw = publishing(amqp)) {
            raw.sendContentHeader(1, 1_000_000, NO_PROPERTIES);
            raw.sendFrame(RawAmqp.BODY, 1, new byte[100_000]);
        }
        assertThat(amqp.channel().isOpen()).isTrue();
    }

    /** A connection on which channel 1 has sent basic.publish and nothing of its content. */
    private static RawAmqp publishing(Amqp amqp) throws IOException {
        RawAmqp raw = RawAmqp.open(amqp.port());
        raw.openChannel(1);
        raw.send(1, new AMQImpl.Basic.Publish(0, "", "nowhere", false, false));
        return raw;
    }
}
