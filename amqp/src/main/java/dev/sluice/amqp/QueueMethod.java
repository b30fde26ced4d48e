package dev.sluice.amqp;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** Queue methods (class 50). Arguments in the order of the wire; reserved ones are left out. Immutable. */
sealed interface QueueMethod extends AmqpMethod {
    int CLASS_ID = 50;

    /** Reads the arguments of the method with this full id; null when the class has no such method. */
    static @Nullable QueueMethod read(int id, WireReader in) {
        return switch (id) {
            case Declare.ID -> readDeclare(in);
            case DeclareOk.ID -> new DeclareOk(in.shortstr(), in.longInt(), in.longInt());
            case Bind.ID -> readBind(in);
            case BindOk.ID -> new BindOk();
            case Purge.ID -> readPurge(in);
            case PurgeOk.ID -> new PurgeOk(in.longInt());
            case Delete.ID -> readDelete(in);
            case DeleteOk.ID -> new DeleteOk(in.longInt());
            case Unbind.ID -> readUnbind(in);
            case UnbindOk.ID -> new UnbindOk();
            default -> null;
        };
    }

    record Declare(
            String queue,
            boolean passive,
            boolean durable,
            boolean exclusive,
            boolean autoDelete,
            boolean noWait,
            FieldTable arguments)
            implements QueueMethod {
        static final int ID = (CLASS_ID << 16) | 10;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            out.writeShort(0);
            WireWriter.shortstr(out, queue);
            WireWriter.bits(out, passive, durable, exclusive, autoDelete, noWait);
            WireWriter.table(out, arguments);
        }
    }

    record DeclareOk(String queue, long messageCount, long consumerCount) implements QueueMethod {
        static final int ID = (CLASS_ID << 16) | 11;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            WireWriter.shortstr(out, queue);
            out.writeInt((int) messageCount);
            out.writeInt((int) consumerCount);
        }
    }

    record Bind(String queue, String exchange, String routingKey, boolean noWait, FieldTable arguments)
            implements QueueMethod {
        static final int ID = (CLASS_ID << 16) | 20;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            out.writeShort(0);
            WireWriter.shortstr(out, queue);
            WireWriter.shortstr(out, exchange);
            WireWriter.shortstr(out, routingKey);
            WireWriter.bits(out, noWait);
            WireWriter.table(out, arguments);
        }
    }

    record BindOk() implements QueueMethod {
        static final int ID = (CLASS_ID << 16) | 21;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {}
    }

    record Purge(String queue, boolean noWait) implements QueueMethod {
        static final int ID = (CLASS_ID << 16) | 30;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            out.writeShort(0);
            WireWriter.shortstr(out, queue);
            WireWriter.bits(out, noWait);
        }
    }

    record PurgeOk(long messageCount) implements QueueMethod {
        static final int ID = (CLASS_ID << 16) | 31;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            out.writeInt((int) messageCount);
        }
    }

    record Delete(String queue, boolean ifUnused, boolean ifEmpty, boolean noWait) implements QueueMethod {
        static final int ID = (CLASS_ID << 16) | 40;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            out.writeShort(0);
            WireWriter.shortstr(out, queue);
            WireWriter.bits(out, ifUnused, ifEmpty, noWait);
        }
    }

    record DeleteOk(long messageCount) implements QueueMethod {
        static final int ID = (CLASS_ID << 16) | 41;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            out.writeInt((int) messageCount);
        }
    }

    record Unbind(String queue, String exchange, String routingKey, FieldTable arguments) implements QueueMethod {
        static final int ID = (CLASS_ID << 16) | 50;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            out.writeShort(0);
            WireWriter.shortstr(out, queue);
            WireWriter.shortstr(out, exchange);
            WireWriter.shortstr(out, routingKey);
            WireWriter.table(out, arguments);
        }
    }

    record UnbindOk() implements QueueMethod {
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
        String queue = in.shortstr();
        int bits = in.octet();
        FieldTable arguments = in.table();
        return new Declare(
                queue, (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0, (bits & 16) != 0, arguments);
    }

    private static Bind readBind(WireReader in) {
        in.shortInt();
        String queue = in.shortstr();
        String exchange = in.shortstr();
        String routingKey = in.shortstr();
        int bits = in.octet();
        FieldTable arguments = in.table();
        return new Bind(queue, exchange, routingKey, (bits & 1) != 0, arguments);
    }

    private static Purge readPurge(WireReader in) {
        in.shortInt();
        String queue = in.shortstr();
        int bits = in.octet();
        return new Purge(queue, (bits & 1) != 0);
    }

    private static Delete readDelete(WireReader in) {
        in.shortInt();
        String queue = in.shortstr();
        int bits = in.octet();
        return new Delete(queue, (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0);
    }

    private static Unbind readUnbind(WireReader in) {
        in.shortInt();
        String queue = in.shortstr();
        String exchange = in.shortstr();
        String routingKey = in.shortstr();
        FieldTable arguments = in.table();
        return new Unbind(queue, exchange, routingKey, arguments);
    }
}
