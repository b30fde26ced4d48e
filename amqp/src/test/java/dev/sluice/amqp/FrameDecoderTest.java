package dev.sluice.amqp;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.amqp.Violation.Refused;
import dev.sluice.amqp.Violation.WrongProtocol;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FrameDecoderTest {
    private static final String PROTOCOL = "414d5150 00000901";
    private static final String HEARTBEAT = "08 0000 00000000 ce";
    private static final String PUBLISH = "01 0001 0000000e 003c 0028 0000 02 6578 03 6b6579 01 ce";
    private static final String HEADER =
            "02 0001 0000001a 003c 0000 0000000000000003 9000 0a 746578742f706c61696e 02 ce";
    private static final String BODY = "03 0001 00000003 616263 ce";
    private static final Frame[] MESSAGE = {
        new Frame.Method(1, new BasicMethod.Publish("ex", "key", true, false)),
        new Frame.Header(1, 3, "90000a746578742f706c61696e02"),
        new Frame.Body(1, "616263")
    };

    private final FrameDecoder decoder = new FrameDecoder();
    private final Frame.Recorder recorder = new Frame.Recorder();

    @Test
    void decodesAPublishedMessage() {
        tune();
        assertThat(decode(PUBLISH + HEADER + BODY)).isNull();
        assertThat(recorder.frames).containsExactly(MESSAGE);
    }

    @Test
    void decodesEachFrameWhenItsLastByteArrives() {
        tune();
        byte[] bytes = Frame.bytes(PUBLISH + HEADER + BODY + HEARTBEAT);
        ByteBuf in = Unpooled.buffer();
        for (byte next : bytes) {
            in.writeByte(next);
            assertThat(decoder.decode(in, recorder)).isNull();
            assertThat(in.isReadable()).isEqualTo(next != FrameDecoder.FRAME_END);
        }
        assertThat(recorder.frames)
                .startsWith(MESSAGE)
                .endsWith(new Frame.Heartbeat())
                .hasSize(4);
    }

    @Test
    void announcesTheProtocolHeader() {
        ByteBuf in = Unpooled.buffer().writeBytes(Frame.bytes("414d5150"));
        assertThat(decoder.decode(in, recorder)).isNull();
        assertThat(recorder.frames).isEmpty();
        in.writeBytes(Frame.bytes("00000901" + HEARTBEAT));
        assertThat(decoder.decode(in, recorder)).isNull();
        assertThat(recorder.frames).containsExactly(new Frame.ProtocolHeader(), new Frame.Heartbeat());
    }

    @Test
    void answersAnotherProtocolWithOurHeaderAtItsFirstWrongByte() {
        Violation violation = decodeText("G");
        assertThat(violation).isInstanceOf(WrongProtocol.class);
        ByteBuf reply = ((WrongProtocol) violation).reply();
        assertThat(ByteBufUtil.hexDump(reply)).isEqualTo("414d515000000901");
        assertThat(violation.inSync()).isFalse();
    }

    @Test
    void guessesWhatTheOtherProtocolIs() {
        assertThat(decodeText("GET /index.html").text())
                .isEqualTo("not the protocol header of AMQP 0-9-1, all octets = <<\"GET /ind\">> (an HTTP request?)");
        assertThat(text(new FrameDecoder(), "160301 0200 01")).endsWith("(TLS on a port without TLS?)");
        assertThat(text(new FrameDecoder(), "414d5150 03010000")).endsWith("(another version of AMQP)");
    }

    @Test
    void dropsEverythingAfterTheStreamIsLost() {
        Violation violation = decodeText("GET /");
        ByteBuf later = Unpooled.wrappedBuffer(Frame.bytes(PROTOCOL + HEARTBEAT));
        assertThat(decoder.decode(later, recorder)).isSameAs(violation);
        assertThat(later.isReadable()).isFalse();
        assertThat(recorder.frames).isEmpty();
    }

    @Test
    void refusesALargeFrameBeforeItArrives() {
        decode(PROTOCOL);
        assertRefused(
                decode("01 0000 00001001"),
                "FRAME_ERROR - type 1, all octets = <<>>: {frame_too_large,4097,4088}",
                false);
    }

    @Test
    void takesFramesUpToTheNegotiatedSizeAndEightBytesMore() {
        tune();
        assertThat(decode("03 0001 00020000")).isNull();
        FrameDecoder other = new FrameDecoder();
        other.decode(Unpooled.wrappedBuffer(Frame.bytes(PROTOCOL)), recorder);
        other.tune(131072, 2047);
        assertThat(text(other, "03 0001 00020001")).endsWith("{frame_too_large,131073,131064}");
        assertThat(text(other, "03 0001 ffffffff")).endsWith("{frame_too_large,131073,131064}");
    }

    @Test
    void refusesAWrongFrameEnd() {
        tune();
        assertRefused(
                decode("03 0001 00000003 616263 cd"),
                "FRAME_ERROR - type 3, all octets = <<\"abc\">>: {invalid_frame_end_marker,205}",
                false);
    }

    @Test
    void refusesAnUnknownFrameTypeAndGoesOn() {
        tune();
        ByteBuf in = Unpooled.wrappedBuffer(Frame.bytes("04 0001 00000002 0102 ce" + HEARTBEAT));
        assertRefused(decoder.decode(in, recorder), "FRAME_ERROR - type 4, all octets = <<1,2>>: unknown_frame", true);
        assertThat(decoder.decode(in, recorder)).isNull();
        assertThat(recorder.frames).containsExactly(new Frame.Heartbeat());
    }

    @Test
    void refusesHeartbeatsThatAreNotBareAndOnChannel0() {
        tune();
        assertRefused(decode("08 0001 00000000 ce"), "UNEXPECTED_FRAME - type 8, all octets = <<>>", true);
        assertRefused(
                decode("08 0000 00000001 41 ce"), "FRAME_ERROR - type 8, all octets = <<\"A\">>: unknown_frame", true);
    }

    @Test
    void refusesOtherChannelsBeforeTuneAndChannelsAboveTheLimitAfterIt() {
        decode(PROTOCOL);
        assertRefused(decode(BODY), "UNEXPECTED_FRAME - type 3, all octets = <<\"abc\">>", true);
        decoder.tune(131072, 10);
        assertRefused(
                decode("03 000b 00000000 ce"),
                "CHANNEL_ERROR - channel 11 is above the negotiated channel_max (10)",
                true);
    }

    @Test
    void keepsContentOffChannel0() {
        tune();
        assertRefused(decode("03 0000 00000001 41 ce"), "UNEXPECTED_FRAME - type 3, all octets = <<\"A\">>", true);
        assertRefused(
                decode(HEADER.replaceFirst("0001", "0000")),
                "UNEXPECTED_FRAME - type 2, first 16 octets = <<0,60,0,0,0,0,0,0,0,0,0,3,144,0,10,116>>",
                true);
    }

    @Test
    void keepsConnectionMethodsOnChannel0AndOthersOff() {
        tune();
        assertRefused(decode("01 0001 00000004 000a0033 ce"), "COMMAND_INVALID - unimplemented method", true);
        assertRefused(decode("01 0000 00000004 005a000a ce"), "CHANNEL_ERROR - unexpected method on channel 0", true);
    }

    @Test
    void namesTheMethodItCannotDecode() {
        tune();
        Refused refused = (Refused) requireNonNull(decode("01 0001 00000006 0032 000a 0000 ce"));
        assertThat(refused.text()).isEqualTo("FRAME_ERROR - cannot decode arguments, all octets = <<0,0>>");
        assertThat(refused.classId()).isEqualTo(50);
        assertThat(refused.methodId()).isEqualTo(10);
        assertThat(refused.channel()).isEqualTo(1);
    }

    @Test
    void refusesUnknownMethodsTrailingArgumentsAndBadText() {
        tune();
        assertRefused(decode("01 0001 00000004 003c03e7 ce"), "COMMAND_INVALID - unknown method {60,999}", true);
        assertRefused(decode("01 0001 00000004 03e70001 ce"), "COMMAND_INVALID - unknown method {999,1}", true);
        assertRefused(
                decode("01 0001 00000006 005a 000a 0102 ce"),
                "FRAME_ERROR - cannot decode arguments, all octets = <<1,2>>",
                true);
        assertRefused(
                decode("01 0001 0000000d 003c 0028 0000 02 fffe 02 6b6b 00 ce"),
                "FRAME_ERROR - Malformed UTF-8 in shortstr",
                true);
        assertRefused(
                decode("01 0001 00000008 003c 001e 02 c328 00 ce"), "FRAME_ERROR - Malformed UTF-8 in shortstr", true);
    }

    @Test
    void refusesBadContentHeaders() {
        tune();
        assertRefused(
                decode("02 0001 0000000e 0032 0000 0000000000000003 0000 ce"),
                "UNEXPECTED_FRAME - expected content header for class 60, got one for class 50 instead",
                true);
        assertRefused(
                decode("02 0001 0000000e 003c 0000 ffffffffffffffff 0000 ce"),
                "FRAME_ERROR - content body size 18446744073709551615 exceeds maximum allowed size 536870912",
                true);
        assertRefused(
                decode("02 0001 0000000e 003c 0000 0000000000000003 8000 ce"),
                "SYNTAX_ERROR - malformed content properties",
                true);
        assertRefused(
                decode("02 0001 0000000b 003c 0000 00000000000003 ce"),
                "FRAME_ERROR - type 2, all octets = <<0,60,0,0,0,0,0,0,0,0,3>>: unknown_frame",
                true);
    }

    @Test
    void stopsAfterTheFrameInWhichTheHandlerAskedForIt() {
        tune();
        Frame.Recorder stopping = new Frame.Recorder() {
            @Override
            public void heartbeat() {
                super.heartbeat();
                decoder.stop();
            }
        };
        ByteBuf in = Unpooled.wrappedBuffer(Frame.bytes(HEARTBEAT + HEARTBEAT + PUBLISH));
        decoder.decode(in, stopping);
        assertThat(stopping.frames).hasSize(1);
        decoder.decode(in, stopping);
        assertThat(stopping.frames).hasSize(2);
        decoder.decode(in, stopping);
        assertThat(stopping.frames).hasSize(3);
    }

    private void tune() {
        decode(PROTOCOL);
        decoder.tune(131072, 2047);
        recorder.frames.clear();
    }

    private @Nullable Violation decode(String hex) {
        return decoder.decode(Unpooled.wrappedBuffer(Frame.bytes(hex)), recorder);
    }

    private Violation decodeText(String text) {
        return requireNonNull(decoder.decode(Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1), recorder));
    }

    private String text(FrameDecoder with, String hex) {
        return requireNonNull(with.decode(Unpooled.wrappedBuffer(Frame.bytes(hex)), recorder))
                .text();
    }

    private static void assertRefused(@Nullable Violation violation, String text, boolean inSync) {
        assertThat(violation).isInstanceOf(Refused.class);
        assertThat(requireNonNull(violation).text()).isEqualTo(text);
        assertThat(violation.inSync()).isEqualTo(inSync);
    }
}
