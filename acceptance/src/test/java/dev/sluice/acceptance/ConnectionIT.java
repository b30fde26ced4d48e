package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.AuthenticationFailureException;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.DefaultSaslConfig;
import com.rabbitmq.client.LongString;
import com.rabbitmq.client.SaslConfig;
import com.rabbitmq.client.SaslMechanism;
import com.rabbitmq.client.impl.AMQImpl;
import com.rabbitmq.client.impl.LongStringHelper;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Opening, tuning, keeping and closing a connection. */
@ExtendWith(AmqpExtension.class)
@Timeout(60)
final class ConnectionIT {
    private static final int MANY_CONNECTIONS = 200;

    @Test
    void opensWithPlain(Amqp amqp) throws Exception {
        Connection connection = amqp.connection(factory -> factory.setSaslConfig(DefaultSaslConfig.PLAIN));
        assertThat(connection.createChannel().isOpen()).isTrue();
    }

    @Test
    void opensWithAmqplain(Amqp amqp) throws Exception {
        Connection connection = amqp.connection(factory -> factory.setSaslConfig(amqplain("guest", "guest")));
        assertThat(connection.createChannel().isOpen()).isTrue();
    }

    @Test
    void offersBothMechanismsAndSaysWhatItCanDo(Amqp amqp) throws Exception {
        try (RawAmqp raw = RawAmqp.connect(amqp.port())) {
            AMQP.Connection.Start start = raw.start();
            assertThat(start.getVersionMajor()).isZero();
            assertThat(start.getVersionMinor()).isEqualTo(9);
            assertThat(start.getMechanisms().toString().split(" ")).contains("PLAIN", "AMQPLAIN");
            assertThat(start.getLocales()).hasToString("en_US");
            assertThat(start.getServerProperties()).containsKeys("product", "version", "platform", "capabilities");
            assertThat(start.getServerProperties().get("capabilities"))
                    .asInstanceOf(InstanceOfAssertFactories.map(String.class, Object.class))
                    .contains(
                            entry("publisher_confirms", true),
                            entry("exchange_exchange_bindings", true),
                            entry("basic.nack", true),
                            entry("consumer_cancel_notify", true),
                            entry("authentication_failure_close", true),
                            entry("per_consumer_qos", true));
        }
    }

    @Test
    void refusesAWrongPassword(Amqp amqp) {
        assertThatThrownBy(() -> amqp.connection(factory -> factory.setPassword("wrong")))
                .isInstanceOf(AuthenticationFailureException.class)
                .hasMessage("ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. "
                        + "For details see the broker logfile.");
    }

    @Test
    void refusesAnUnknownUserWithAmqplain(Amqp amqp) {
        assertThatThrownBy(() -> amqp.connection(factory -> factory.setSaslConfig(amqplain("nobody", "guest"))))
                .isInstanceOf(AuthenticationFailureException.class)
                .hasMessage("ACCESS_REFUSED - Login was refused using authentication mechanism AMQPLAIN. "
                        + "For details see the broker logfile.");
    }

    @Test
    void refusesAnUnknownVirtualHost(Amqp amqp) {
        assertThat(Closed.by(() -> amqp.connection(factory -> factory.setVirtualHost("nowhere"))))
                .isEqualTo(Closed.connection(530, "NOT_ALLOWED - vhost nowhere not found"));
    }

    @Test
    void answersAnotherProtocolWithItsOwnHeaderAndCloses(Amqp amqp) throws Exception {
        for (byte[] header : List.of(
                new byte[] {'A', 'M', 'Q', 'P', 0, 1, 0, 0},
                new byte[] {'A', 'M', 'Q', 'P', 0, 0, 9, 2},
                "GET / HT".getBytes(StandardCharsets.US_ASCII))) {
            try (RawAmqp raw = RawAmqp.connect(amqp.port())) {
                raw.sendBytes(header);
                assertThat(raw.untilEnd()).isEqualTo(RawAmqp.PROTOCOL_HEADER);
            }
        }
    }

    @Test
    void takesTheSmallerLimitsOfBothSides(Amqp amqp) throws Exception {
        Connection offered = amqp.connection();
        assertThat(offered.getChannelMax()).isEqualTo(2047);
        assertThat(offered.getFrameMax()).isEqualTo(131_072);
        assertThat(offered.getHeartbeat()).isEqualTo(60);

        Connection smaller = amqp.connection(factory -> {
            factory.setRequestedChannelMax(3);
            factory.setRequestedFrameMax(4096);
            factory.setRequestedHeartbeat(7);
        });
        assertThat(smaller.getChannelMax()).isEqualTo(3);
        assertThat(smaller.getFrameMax()).isEqualTo(4096);
        assertThat(smaller.getHeartbeat()).isEqualTo(7);
    }

    @Test
    void sendsNoFrameLargerThanAgreed(Amqp amqp) throws Exception {
        try (RawAmqp raw = RawAmqp.open(amqp.port(), 0, 4096, 0)) {
            Channel publisher = amqp.channel();
            String queue = amqp.name("small-frames");
            publisher.queueDeclare(queue, false, false, true, null);
            publisher.confirmSelect();
            publisher.basicPublish("", queue, null, new byte[10_000]);
            publisher.waitForConfirmsOrDie(Publish.CONFIRM_LIMIT_MS);

            raw.openChannel(1);
            raw.send(1, new AMQImpl.Basic.Get(0, queue, true));
            raw.expect(AMQP.Basic.GetOk.class);
            assertThat(raw.content().type()).isEqualTo(RawAmqp.HEADER);
            List<Integer> sizes = new ArrayList<>();
            for (int received = 0; received < 10_000; received += sizes.getLast()) {
                sizes.add(raw.content().payload().length);
            }
            assertThat(sizes).containsExactly(4088, 4088, 1824);
        }
    }

    @Test
    void refusesAFrameMaximumAboveItsOwn(Amqp amqp) throws Exception {
        try (RawAmqp raw = RawAmqp.connect(amqp.port())) {
            raw.login("PLAIN", "\0guest\0guest");
            raw.tuneAndOpen(2047, 131_073, 0);
            assertEnded(raw, 530);
        }
    }

    @Test
    void refusesAFrameMaximumBelowTheLeastOne(Amqp amqp) throws Exception {
        try (RawAmqp raw = RawAmqp.connect(amqp.port())) {
            raw.login("PLAIN", "\0guest\0guest");
            raw.tuneAndOpen(2047, 4095, 0);
            assertEnded(raw, 530);
        }
    }

    @Test
    void refusesAChannelAboveTheAgreedNumber(Amqp amqp) throws Exception {
        try (RawAmqp raw = RawAmqp.open(amqp.port(), 1, 0, 0)) {
            raw.openChannel(1);
            raw.send(2, new AMQImpl.Channel.Open(""));
            Closed closed = raw.closed();
            assertThat(closed.scope()).isEqualTo(Closed.Scope.CONNECTION);
            assertThat(closed.code()).isIn(504, 530); // by the specification, and by RabbitMQ
        }
    }

    @Test
    void refusesAnUnknownMechanism(Amqp amqp) throws Exception {
        try (RawAmqp raw = RawAmqp.connect(amqp.port())) {
            raw.start();
            raw.startOk("MAGIC", "");
            assertEnded(raw, 503);
        }
    }

    @Test
    void keepsAnIdleConnectionAliveWithHeartbeats(Amqp amqp) throws Exception {
        try (RawAmqp raw = RawAmqp.open(amqp.port(), 0, 0, 1)) {
            raw.readLimitMs(3_000);
            assertThat(raw.frame().type()).isEqualTo(RawAmqp.HEARTBEAT);
            raw.sendFrame(RawAmqp.HEARTBEAT, 0, new byte[0]);
            assertThat(raw.frame().type()).isEqualTo(RawAmqp.HEARTBEAT);
        }
    }

    @Test
    void closesAConnectionWhosePeerHasFallenSilent(Amqp amqp) throws Exception {
        try (RawAmqp raw = RawAmqp.open(amqp.port(), 0, 0, 1)) {
            long start = System.nanoTime();
            assertThat(raw.heartbeatsUntilEnd()).isPositive();
            assertThat((System.nanoTime() - start) / 1_000_000).isBetween(1_000L, 5_000L);
        }
    }

    @Test
    void sendsNoHeartbeatsWhereNoneWereAgreed(Amqp amqp) throws Exception {
        try (RawAmqp raw = RawAmqp.open(amqp.port(), 0, 0, 0)) {
            raw.readLimitMs(1_500);
            assertThatThrownBy(raw::frame).isInstanceOf(SocketTimeoutException.class);
        }
    }

    @Test
    void answersAClose(Amqp amqp) throws Exception {
        try (RawAmqp raw = RawAmqp.open(amqp.port())) {
            raw.openChannel(1);
            raw.send(0, new AMQImpl.Connection.Close(200, "done", 0, 0));
            raw.expect(AMQP.Connection.CloseOk.class);
        }
    }

    @Test
    void servesManyConnectionsAtOnce(Amqp amqp) throws Exception {
        String queue = amqp.name("many");
        Channel collector = amqp.channel();
        collector.queueDeclare(queue, false, false, true, null);
        Inbox inbox = Inbox.automatic(collector, queue);
        List<Channel> channels = new ArrayList<>();
        for (int i = 0; i < MANY_CONNECTIONS; i++) {
            channels.add(amqp.channel());
        }
        List<String> sent = new ArrayList<>();
        for (Channel channel : channels) {
            sent.add("from " + sent.size());
            Publish.toQueue(channel, queue, sent.getLast());
        }
        assertThat(inbox.nextTexts(MANY_CONNECTIONS)).containsExactlyInAnyOrderElementsOf(sent);
    }

    /** A connection that is not open yet may be ended without a word, but where there is one it is the right one. */
    private static void assertEnded(RawAmqp raw, int code) throws IOException {
        raw.ended()
                .ifPresent(closed -> assertThat(closed)
                        .extracting(Closed::scope, Closed::code)
                        .containsExactly(Closed.Scope.CONNECTION, code));
    }

    /** The response of AMQPLAIN: a field table without its length. */
    private static SaslConfig amqplain(String user, String password) {
        return mechanisms -> new SaslMechanism() {
            @Override
            public String getName() {
                return "AMQPLAIN";
            }

            @Override
            public LongString handleChallenge(LongString challenge, String ignoredUser, String ignoredPassword) {
                return LongStringHelper.asLongString(table(Map.of("LOGIN", user, "PASSWORD", password)));
            }
        };
    }

    private static byte[] table(Map<String, String> fields) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        fields.forEach((name, value) -> {
            try {
                out.writeByte(name.length());
                out.writeBytes(name);
                out.writeByte('S');
                out.writeInt(value.length());
                out.writeBytes(value);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        return bytes.toByteArray();
    }
}
