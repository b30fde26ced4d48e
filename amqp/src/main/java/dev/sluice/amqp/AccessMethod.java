package dev.sluice.amqp;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** Access methods (class 30), from AMQP 0-9; old clients still ask, and every request is granted. Arguments in the order of the wire; reserved ones are left out. Immutable. */
sealed interface AccessMethod extends AmqpMethod {
    int CLASS_ID = 30;

    /** Reads the arguments of the method with this full id; null when the class has no such method. */
    static @Nullable AccessMethod read(int id, WireReader in) {
        return switch (id) {
            case Request.ID -> readRequest(in);
            case RequestOk.ID -> new RequestOk(in.shortInt());
            default -> null;
        };
    }

    record Request(String realm, boolean exclusive, boolean passive, boolean active, boolean write, boolean read)
            implements AccessMethod {
        static final int ID = (CLASS_ID << 16) | 10;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            WireWriter.shortstr(out, realm);
            WireWriter.bits(out, exclusive, passive, active, write, read);
        }
    }

    record RequestOk(int ticket) implements AccessMethod {
        static final int ID = (CLASS_ID << 16) | 11;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            out.writeShort(ticket);
        }
    }

    private static Request readRequest(WireReader in) {
        String realm = in.shortstr();
        int bits = in.octet();
        return new Request(realm, (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0, (bits & 16) != 0);
    }
}
