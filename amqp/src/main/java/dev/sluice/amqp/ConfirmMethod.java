package dev.sluice.amqp;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** RabbitMQ's publisher confirms (class 85). Arguments in the order of the wire; reserved ones are left out. Immutable. */
sealed interface ConfirmMethod extends AmqpMethod {
    int CLASS_ID = 85;

    /** Reads the arguments of the method with this full id; null when the class has no such method. */
    static @Nullable ConfirmMethod read(int id, WireReader in) {
        return switch (id) {
            case Select.ID -> readSelect(in);
            case SelectOk.ID -> new SelectOk();
            default -> null;
        };
    }

    record Select(boolean noWait) implements ConfirmMethod {
        static final int ID = (CLASS_ID << 16) | 10;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            WireWriter.bits(out, noWait);
        }
    }

    record SelectOk() implements ConfirmMethod {
        static final int ID = (CLASS_ID << 16) | 11;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {}
    }

    private static Select readSelect(WireReader in) {
        int bits = in.octet();
        return new Select((bits & 1) != 0);
    }
}
