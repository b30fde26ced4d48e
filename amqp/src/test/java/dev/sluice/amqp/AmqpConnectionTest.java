package dev.sluice.amqp;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.Connection;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What clients do that libraries do not let one do. */
@Timeout(60)
class AmqpConnectionTest {
    private static final int HANDSHAKE_TIMEOUT_MS = 2_000;

    @TempDir
    Path folder;

    private RunningGateway gateway;

    @BeforeEach
    void start() throws Exception {
        gateway = new RunningGateway(folder, AmqpSettings.DEFAULT, HANDSHAKE_TIMEOUT_MS);
    }

    @AfterEach
    void stop() throws Exception {
        gateway.close();
    }

    @Test
    void aPeerThatDoesNotShakeHandsIsCutOffAndOthersStay() throws Exception {
        try (Connection known = gateway.connect();
                var silent = new RawClient(gateway.socket());
                var slow = new RawClient(gateway.socket())) {
            slow.send(Unpooled.wrappedBuffer(FrameDecoder.protocolHeader()));
            assertThat(silent.readBytesToTheEnd()).isEmpty();
            slow.await(ConnectionMethod.Start.class);
            slow.readToTheEnd();

            known.createChannel().queueDeclare();
        }
    }

    @Test
    void anotherProtocolIsToldWhichOneIsSpokenHere() throws Exception {
        try (var client = new RawClient(gateway.socket())) {
            client.send(Unpooled.copiedBuffer("GET / HTTP/1.1\r\n\r\n", StandardCharsets.US_ASCII));
            assertThat(client.readBytesToTheEnd()).isEqualTo(FrameDecoder.protocolHeader());
        }
    }

    @Test
    void aLargeFrameBeforeTheHandshakeIsRefusedByItsHead() throws Exception {
        try (var client = new RawClient(gateway.socket())) {
            ByteBuf out = Unpooled.buffer().writeBytes(FrameDecoder.protocolHeader());
            out.writeByte(FrameDecoder.METHOD).writeShort(0).writeInt(100_000);
            client.send(out);
            assertThat(client.await(ConnectionMethod.Close.class).replyText()).startsWith("FRAME_ERROR - ");
        }
    }

    @Test
    void bothMechanismsLogIn() throws Exception {
        try (var client = new RawClient(gateway.socket())) {
            ByteBuf login = Unpooled.buffer();
            WireWriter.table(
                    login,
                    FieldTable.builder()
                            .put("LOGIN", "guest")
                            .put("PASSWORD", "guest")
                            .build());
            byte[] response = new byte[login.readableBytes() - Integer.BYTES];
            login.getBytes(Integer.BYTES, response);
            client.send(Unpooled.wrappedBuffer(FrameDecoder.protocolHeader()));
            client.send(
                    0, new ConnectionMethod.StartOk(FieldTable.EMPTY, "AMQPLAIN", LongString.of(response), "en_US"));
            assertThat(client.await(ConnectionMethod.Tune.class))
                    .isEqualTo(new ConnectionMethod.Tune(2047, 131_072, 60));
        }
    }

    @Test
    void anUnknownMechanismIsRefused() throws Exception {
        assertRefusedLogin("EXTERNAL", "", "COMMAND_INVALID - unknown authentication mechanism 'EXTERNAL'");
        assertRefusedLogin(
                "PLAIN",
                "\0guest\0wrong",
                "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see the broker logfile.");
    }

    private void assertRefusedLogin(String mechanism, String response, String text) throws IOException, Exception {
        try (var client = new RawClient(gateway.socket())) {
            client.send(Unpooled.wrappedBuffer(FrameDecoder.protocolHeader()));
            client.send(0, RawClient.startOk(mechanism, response));
            assertThat(client.await(ConnectionMethod.Close.class).replyText()).isEqualTo(text);
        }
    }

    @Test
    void unfinishedBodiesOfAllConnectionsTogetherAreBounded() throws Exception {
        AmqpSettings small = new AmqpSettings(1000, 2047, 131_072, 60, 4000);
        gateway.close();
        gateway = new RunningGateway(folder, small, HANDSHAKE_TIMEOUT_MS);
        try (var first = new RawClient(gateway.socket());
                var second = new RawClient(gateway.socket())) {
            first.open();
            second.open();
            for (int channel = 1; channel <= 4; channel++) {
                sendUnfinished(first, channel);
            }
            first.send(5, new ChannelMethod.Open());
            first.await(ChannelMethod.OpenOk.class); // all that came before has been taken
            sendUnfinished(second, 1);

            assertThat(second.await(ConnectionMethod.Close.class).replyText())
                    .isEqualTo("RESOURCE_ERROR - unfinished messages take all the memory they may;"
                            + " publish fewer large ones at a time");
            first.endOutput();
            first.readToTheEnd();
            try (var third = new RawClient(gateway.socket())) {
                third.open();
                sendUnfinished(third, 1);
                third.send(2, new ChannelMethod.Open());
                third.await(ChannelMethod.OpenOk.class);
            }
        }
    }

    /** A message of 1000 bytes of which 999 come. */
    private static void sendUnfinished(RawClient client, int channel) throws IOException {
        client.send(channel, new ChannelMethod.Open());
        client.await(ChannelMethod.OpenOk.class);
        ByteBuf route = Unpooled.wrappedBuffer(Route.encode("", "q"));
        ByteBuf whole = Unpooled.buffer();
        client.writer()
                .publish(
                        whole,
                        channel,
                        false,
                        new OutgoingContent()
                                .route(route, 0, route.readableBytes())
                                .properties(Unpooled.wrappedBuffer(new byte[2]), 0, 2)
                                .body(Unpooled.wrappedBuffer(new byte[1000]), 0, 1000));
        int frameHead = 7;
        int bodyFrame = whole.readableBytes() - (frameHead + 1000 + 1);
        ByteBuf out = whole.slice(0, bodyFrame).copy();
        out.writeByte(FrameDecoder.BODY).writeShort(channel).writeInt(999).writeZero(999);
        out.writeByte(FrameDecoder.FRAME_END);
        client.send(out);
    }

    @Test
    void aMethodOnAChannelThatIsNotOpenClosesTheConnection() throws Exception {
        try (var client = new RawClient(gateway.socket())) {
            client.open();
            client.send(1, new BasicMethod.Qos(0, 1, false));
            ConnectionMethod.Close close = client.await(ConnectionMethod.Close.class);
            assertThat(close.replyText()).isEqualTo("CHANNEL_ERROR - expected 'channel.open'");
            client.send(0, new ConnectionMethod.CloseOk());
            client.readToTheEnd();
        }
    }

    @Test
    void aConsumerTagUsedTwiceClosesTheConnection() throws Exception {
        try (var client = new RawClient(gateway.socket())) {
            client.open();
            client.send(1, new ChannelMethod.Open());
            client.send(1, new QueueMethod.Declare("q", false, false, false, false, false, FieldTable.EMPTY));
            var consume = new BasicMethod.Consume("", "tag", false, false, false, false, FieldTable.EMPTY);
            client.send(1, consume);
            client.send(1, consume);
            ConnectionMethod.Close close = client.await(ConnectionMethod.Close.class);
            assertThat(close.replyText()).isEqualTo("NOT_ALLOWED - attempt to reuse consumer tag 'tag'");
        }
    }

    @Test
    void framesOfAChannelThatIsBeingClosedAreIgnoredUntilItsCloseOk() throws Exception {
        try (var client = new RawClient(gateway.socket())) {
            client.open();
            client.send(1, new ChannelMethod.Open());
            client.send(1, new BasicMethod.Ack(1, false));
            client.send(1, new QueueMethod.Declare("q", false, false, false, false, false, FieldTable.EMPTY));
            client.send(1, new BasicMethod.Ack(2, false));
            client.send(1, new ChannelMethod.CloseOk());
            client.send(1, new ChannelMethod.Open());
            client.send(1, new QueueMethod.Declare("q", true, false, false, false, false, FieldTable.EMPTY));

            assertThat(client.await(ChannelMethod.Close.class).replyText())
                    .isEqualTo("PRECONDITION_FAILED - unknown delivery tag 1");
            client.await(ChannelMethod.OpenOk.class);
            assertThat(client.await(ChannelMethod.Close.class).replyText())
                    .isEqualTo("NOT_FOUND - no queue 'q' in vhost '/'");
        }
    }

    @Test
    void aPausedChannelIsSentNothingUntilItFlowsAgain() throws Exception {
        try (var client = new RawClient(gateway.socket())) {
            client.open();
            client.send(1, new ChannelMethod.Open());
            client.send(1, new QueueMethod.Declare("q", false, false, false, false, false, FieldTable.EMPTY));
            client.send(1, new BasicMethod.Consume("q", "tag", false, true, false, false, FieldTable.EMPTY));
            client.send(1, new ChannelMethod.Flow(false));
            ByteBuf route = Unpooled.wrappedBuffer(Route.encode("", "q"));
            ByteBuf out = Unpooled.buffer();
            client.writer()
                    .publish(
                            out,
                            1,
                            false,
                            new OutgoingContent()
                                    .route(route, 0, route.readableBytes())
                                    .properties(Unpooled.wrappedBuffer(new byte[2]), 0, 2));
            client.send(out);
            client.send(1, new QueueMethod.Declare("q", true, false, false, false, false, FieldTable.EMPTY));
            client.await(ChannelMethod.FlowOk.class);
            assertThat(client.await(QueueMethod.DeclareOk.class).messageCount()).isEqualTo(1);

            client.send(1, new ChannelMethod.Flow(true));
            assertThat(client.await(BasicMethod.Deliver.class).routingKey()).isEqualTo("q");
        }
    }
}
