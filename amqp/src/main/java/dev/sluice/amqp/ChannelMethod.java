package dev.sluice.amqp;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** Channel methods (class 20). Arguments in the order of the wire; reserved ones are left out. Immutable. */
sealed interface ChannelMethod extends AmqpMethod {
    int CLASS_ID = 20;

    /** Reads the arguments of the method with this full id; null when the class has no such method. */
    static @Nullable ChannelMethod read(int id, WireReader in) {
        return switch (id) {
            case Open.ID -> readOpen(in);
            case OpenOk.ID -> readOpenOk(in);
            case Flow.ID -> readFlow(in);
            case FlowOk.ID -> readFlowOk(in);
            case Close.ID -> new Close(in.shortInt(), in.shortstr(), in.shortInt(), in.shortInt());
            case CloseOk.ID -> new CloseOk();
            default -> null;
        };
    }

    record Open() implements ChannelMethod {
        static final int ID = (CLASS_ID << 16) | 10;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            out.writeByte(0);
        }
    }

    record OpenOk() implements ChannelMethod {
        static final int ID = (CLASS_ID << 16) | 11;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            out.writeInt(0);
        }
    }

    record Flow(boolean active) implements ChannelMethod {
        static final int ID = (CLASS_ID << 16) | 20;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            WireWriter.bits(out, active);
        }
    }

    record FlowOk(boolean active) implements ChannelMethod {
        static final int ID = (CLASS_ID << 16) | 21;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            WireWriter.bits(out, active);
        }
    }

    record Close(int replyCode, String replyText, int failedClassId, int failedMethodId) implements ChannelMethod {
        static final int ID = (CLASS_ID << 16) | 40;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            out.writeShort(replyCode);
            WireWriter.shortstr(out, replyText);
            out.writeShort(failedClassId);
            out.writeShort(failedMethodId);
        }
    }

    record CloseOk() implements ChannelMethod {
        static final int ID = (CLASS_ID << 16) | 41;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {}
    }

    private static Open readOpen(WireReader in) {
        in.shortstr();
        return new Open();
    }

    private static OpenOk readOpenOk(WireReader in) {
        in.longstr();
        return new OpenOk();
    }

    private static Flow readFlow(WireReader in) {
        int bits = in.octet();
        return new Flow((bits & 1) != 0);
    }

    private static FlowOk readFlowOk(WireReader in) {
        int bits = in.octet();
        return new FlowOk((bits & 1) != 0);
    }
}
