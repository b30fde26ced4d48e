package dev.sluice.amqp;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** Exchange methods (class 40), with RabbitMQ's bind and unbind. Arguments in the order of the wire; reserved ones are left out. Immutable. */
sealed interface ExchangeMethod extends AmqpMethod {
    int CLASS_ID = 40;

    /** Reads the arguments of the method with this full id; null when the class has no such method. */
    static @Nullable ExchangeMethod read(int id, WireReader in) {
        return switch (id) {
            case Declare.ID -> readDeclare(in);
            case DeclareOk.ID -> new DeclareOk();
            case Delete.ID -> readDelete(in);
            case DeleteOk.ID -> new DeleteOk();
            case Bind.ID -> readBind(in);
            case BindOk.ID -> new BindOk();
            case Unbind.ID -> readUnbind(in);
            case UnbindOk.ID -> new UnbindOk();
            default -> null;
        };
    }

    record Declare(
            String exchange,
            String kind,
            boolean passive,
            boolean durable,
            boolean autoDelete,
            boolean internal,
            boolean noWait,
            FieldTable arguments)
            implements ExchangeMethod {
        static final int ID = (CLASS_ID << 16) | 10;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            out.writeShort(0);
            WireWriter.shortstr(out, exchange);
            WireWriter.shortstr(out, kind);
            WireWriter.bits(out, passive, durable, autoDelete, internal, noWait);
            WireWriter.table(out, arguments);
        }
    }

    record DeclareOk() implements ExchangeMethod {
        static final int ID = (CLASS_ID << 16) | 11;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {}
    }

    record Delete(String exchange, boolean ifUnused, boolean noWait) implements ExchangeMethod {
        static final int ID = (CLASS_ID << 16) | 20;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            out.writeShort(0);
            WireWriter.shortstr(out, exchange);
            WireWriter.bits(out, ifUnused, noWait);
        }
    }

    record DeleteOk() implements ExchangeMethod {
        static final int ID = (CLASS_ID << 16) | 21;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {}
    }

    record Bind(String destination, String source, String routingKey, boolean noWait, FieldTable arguments)
            implements ExchangeMethod {
        static final int ID = (CLASS_ID << 16) | 30;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            out.writeShort(0);
            WireWriter.shortstr(out, destination);
            WireWriter.shortstr(out, source);
            WireWriter.shortstr(out, routingKey);
            WireWriter.bits(out, noWait);
            WireWriter.table(out, arguments);
        }
    }

    record BindOk() implements ExchangeMethod {
        static final int ID = (CLASS_ID << 16) | 31;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {}
    }

    record Unbind(String destination, String source, String routingKey, boolean noWait, FieldTable arguments)
            implements ExchangeMethod {
        static final int ID = (CLASS_ID << 16) | 40;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            out.writeShort(0);
            WireWriter.shortstr(out, destination);
            WireWriter.shortstr(out, source);
            WireWriter.shortstr(out, routingKey);
            WireWriter.bits(out, noWait);
            WireWriter.table(out, arguments);
        }
    }

    record UnbindOk() implements ExchangeMethod {
        static final int ID = (CLASS_ID << 16) | 51;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {}
    }

    private static Declare readDeclare(WireReader in) {
        in.shortInt();
        String exchange = in.shortstr();
        String kind = in.shortstr();
        int bits = in.octet();
        FieldTable arguments = in.table();
        return new Declare(
                exchange,
                kind,
                (bits & 1) != 0,
                (bits & 2) != 0,
                (bits & 4) != 0,
                (bits & 8) != 0,
                (bits & 16) != 0,
                arguments);
    }

    private static Delete readDelete(WireReader in) {
        in.shortInt();
        String exchange = in.shortstr();
        int bits = in.octet();
        return new Delete(exchange, (bits & 1) != 0, (bits & 2) != 0);
    }

    private static Bind readBind(WireReader in) {
        in.shortInt();
        String destination = in.shortstr();
        String source = in.shortstr();
        String routingKey = in.shortstr();
        int bits = in.octet();
        FieldTable arguments = in.table();
        return new Bind(destination, source, routingKey, (bits & 1) != 0, arguments);
    }

    private static Unbind readUnbind(WireReader in) {
        in.shortInt();
        String destination = in.shortstr();
        String source = in.shortstr();
        String routingKey = in.shortstr();
        int bits = in.octet();
        FieldTable arguments = in.table();
        return new Unbind(destination, source, routingKey, (bits & 1) != 0, arguments);
    }
}
