package dev.sluice.amqp;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** A method of AMQP 0-9-1 or of RabbitMQ's extensions, in either direction: one record each, grouped by class. Immutable. */
sealed interface AmqpMethod
        permits ConnectionMethod,
                ChannelMethod,
                AccessMethod,
                ExchangeMethod,
                QueueMethod,
                BasicMethod,
                ConfirmMethod,
                TxMethod {

    /** The class id in the upper 16 bits and the method id in the lower. */
    int id();

    void writeArguments(ByteBuf out);

    default int classId() {
        return id() >>> 16;
    }

    default int methodId() {
        return id() & 0xFFFF;
    }

    /** Reads the arguments of the method with this full id; null when there is no such method. What is wrong with them, the reader knows. */
    static @Nullable AmqpMethod read(int id, WireReader in) {
        return switch (id >>> 16) {
            case ConnectionMethod.CLASS_ID -> ConnectionMethod.read(id, in);
            case ChannelMethod.CLASS_ID -> ChannelMethod.read(id, in);
            case AccessMethod.CLASS_ID -> AccessMethod.read(id, in);
            case ExchangeMethod.CLASS_ID -> ExchangeMethod.read(id, in);
            case QueueMethod.CLASS_ID -> QueueMethod.read(id, in);
            case BasicMethod.CLASS_ID -> BasicMethod.read(id, in);
            case ConfirmMethod.CLASS_ID -> ConfirmMethod.read(id, in);
            case TxMethod.CLASS_ID -> TxMethod.read(id, in);
            default -> null;
        };
    }
}
