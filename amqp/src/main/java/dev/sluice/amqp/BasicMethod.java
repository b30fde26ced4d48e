package dev.sluice.amqp;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** Basic methods (class 60), with RabbitMQ's nack. Arguments in the order of the wire; reserved ones are left out. Immutable. */
sealed interface BasicMethod extends AmqpMethod {
    int CLASS_ID = 60;

    /** Reads the arguments of the method with this full id; null when the class has no such method. */
    static @Nullable BasicMethod read(int id, WireReader in) {
        return switch (id) {
            case Qos.ID -> readQos(in);
            case QosOk.ID -> new QosOk();
            case Consume.ID -> readConsume(in);
            case ConsumeOk.ID -> new ConsumeOk(in.shortstr());
            case Cancel.ID -> readCancel(in);
            case CancelOk.ID -> new CancelOk(in.shortstr());
            case Publish.ID -> readPublish(in);
            case Return.ID -> new Return(in.shortInt(), in.shortstr(), in.shortstr(), in.shortstr());
            case Deliver.ID -> readDeliver(in);
            case Get.ID -> readGet(in);
            case GetOk.ID -> readGetOk(in);
            case GetEmpty.ID -> readGetEmpty(in);
            case Ack.ID -> readAck(in);
            case Reject.ID -> readReject(in);
            case RecoverAsync.ID -> readRecoverAsync(in);
            case Recover.ID -> readRecover(in);
            case RecoverOk.ID -> new RecoverOk();
            case Nack.ID -> readNack(in);
            default -> null;
        };
    }

    record Qos(long prefetchSize, int prefetchCount, boolean global) implements BasicMethod {
        static final int ID = (CLASS_ID << 16) | 10;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            out.writeInt((int) prefetchSize);
            out.writeShort(prefetchCount);
            WireWriter.bits(out, global);
        }
    }

    record QosOk() implements BasicMethod {
        static final int ID = (CLASS_ID << 16) | 11;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {}
    }

    record Consume(
            String queue,
            String consumerTag,
            boolean noLocal,
            boolean noAck,
            boolean exclusive,
            boolean noWait,
            FieldTable arguments)
            implements BasicMethod {
        static final int ID = (CLASS_ID << 16) | 20;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            out.writeShort(0);
            WireWriter.shortstr(out, queue);
            WireWriter.shortstr(out, consumerTag);
            WireWriter.bits(out, noLocal, noAck, exclusive, noWait);
            WireWriter.table(out, arguments);
        }
    }

    record ConsumeOk(String consumerTag) implements BasicMethod {
        static final int ID = (CLASS_ID << 16) | 21;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            WireWriter.shortstr(out, consumerTag);
        }
    }

    record Cancel(String consumerTag, boolean noWait) implements BasicMethod {
        static final int ID = (CLASS_ID << 16) | 30;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            WireWriter.shortstr(out, consumerTag);
            WireWriter.bits(out, noWait);
        }
    }

    record CancelOk(String consumerTag) implements BasicMethod {
        static final int ID = (CLASS_ID << 16) | 31;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            WireWriter.shortstr(out, consumerTag);
        }
    }

    record Publish(String exchange, String routingKey, boolean mandatory, boolean immediate) implements BasicMethod {
        static final int ID = (CLASS_ID << 16) | 40;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            out.writeShort(0);
            WireWriter.shortstr(out, exchange);
            WireWriter.shortstr(out, routingKey);
            WireWriter.bits(out, mandatory, immediate);
        }
    }

    record Return(int replyCode, String replyText, String exchange, String routingKey) implements BasicMethod {
        static final int ID = (CLASS_ID << 16) | 50;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            out.writeShort(replyCode);
            WireWriter.shortstr(out, replyText);
            WireWriter.shortstr(out, exchange);
            WireWriter.shortstr(out, routingKey);
        }
    }

    record Deliver(String consumerTag, long deliveryTag, boolean redelivered, String exchange, String routingKey)
            implements BasicMethod {
        static final int ID = (CLASS_ID << 16) | 60;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            WireWriter.shortstr(out, consumerTag);
            out.writeLong(deliveryTag);
            WireWriter.bits(out, redelivered);
            WireWriter.shortstr(out, exchange);
            WireWriter.shortstr(out, routingKey);
        }
    }

    record Get(String queue, boolean noAck) implements BasicMethod {
        static final int ID = (CLASS_ID << 16) | 70;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            out.writeShort(0);
            WireWriter.shortstr(out, queue);
            WireWriter.bits(out, noAck);
        }
    }

    record GetOk(long deliveryTag, boolean redelivered, String exchange, String routingKey, long messageCount)
            implements BasicMethod {
        static final int ID = (CLASS_ID << 16) | 71;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            out.writeLong(deliveryTag);
            WireWriter.bits(out, redelivered);
            WireWriter.shortstr(out, exchange);
            WireWriter.shortstr(out, routingKey);
            out.writeInt((int) messageCount);
        }
    }

    record GetEmpty() implements BasicMethod {
        static final int ID = (CLASS_ID << 16) | 72;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            out.writeByte(0);
        }
    }

    record Ack(long deliveryTag, boolean multiple) implements BasicMethod {
        static final int ID = (CLASS_ID << 16) | 80;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            out.writeLong(deliveryTag);
            WireWriter.bits(out, multiple);
        }
    }

    record Reject(long deliveryTag, boolean requeue) implements BasicMethod {
        static final int ID = (CLASS_ID << 16) | 90;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            out.writeLong(deliveryTag);
            WireWriter.bits(out, requeue);
        }
    }

    record RecoverAsync(boolean requeue) implements BasicMethod {
        static final int ID = (CLASS_ID << 16) | 100;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            WireWriter.bits(out, requeue);
        }
    }

    record Recover(boolean requeue) implements BasicMethod {
        static final int ID = (CLASS_ID << 16) | 110;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            WireWriter.bits(out, requeue);
        }
    }

    record RecoverOk() implements BasicMethod {
        static final int ID = (CLASS_ID << 16) | 111;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {}
    }

    record Nack(long deliveryTag, boolean multiple, boolean requeue) implements BasicMethod {
        static final int ID = (CLASS_ID << 16) | 120;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            out.writeLong(deliveryTag);
            WireWriter.bits(out, multiple, requeue);
        }
    }

    private static Qos readQos(WireReader in) {
        long prefetchSize = in.longInt();
        int prefetchCount = in.shortInt();
        int bits = in.octet();
        return new Qos(prefetchSize, prefetchCount, (bits & 1) != 0);
    }

    private static Consume readConsume(WireReader in) {
        in.shortInt();
        String queue = in.shortstr();
        String consumerTag = in.shortstr();
        int bits = in.octet();
        FieldTable arguments = in.table();
        return new Consume(
                queue, consumerTag, (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0, arguments);
    }

    private static Cancel readCancel(WireReader in) {
        String consumerTag = in.shortstr();
        int bits = in.octet();
        return new Cancel(consumerTag, (bits & 1) != 0);
    }

    private static Publish readPublish(WireReader in) {
        in.shortInt();
        String exchange = in.shortstr();
        String routingKey = in.shortstr();
        int bits = in.octet();
        return new Publish(exchange, routingKey, (bits & 1) != 0, (bits & 2) != 0);
    }

    private static Deliver readDeliver(WireReader in) {
        String consumerTag = in.shortstr();
        long deliveryTag = in.longLong();
        int bits = in.octet();
        String exchange = in.shortstr();
        String routingKey = in.shortstr();
        return new Deliver(consumerTag, deliveryTag, (bits & 1) != 0, exchange, routingKey);
    }

    private static Get readGet(WireReader in) {
        in.shortInt();
        String queue = in.shortstr();
        int bits = in.octet();
        return new Get(queue, (bits & 1) != 0);
    }

    private static GetOk readGetOk(WireReader in) {
        long deliveryTag = in.longLong();
        int bits = in.octet();
        String exchange = in.shortstr();
        String routingKey = in.shortstr();
        long messageCount = in.longInt();
        return new GetOk(deliveryTag, (bits & 1) != 0, exchange, routingKey, messageCount);
    }

    private static GetEmpty readGetEmpty(WireReader in) {
        in.shortstr();
        return new GetEmpty();
    }

    private static Ack readAck(WireReader in) {
        long deliveryTag = in.longLong();
        int bits = in.octet();
        return new Ack(deliveryTag, (bits & 1) != 0);
    }

    private static Reject readReject(WireReader in) {
        long deliveryTag = in.longLong();
        int bits = in.octet();
        return new Reject(deliveryTag, (bits & 1) != 0);
    }

    private static RecoverAsync readRecoverAsync(WireReader in) {
        int bits = in.octet();
        return new RecoverAsync((bits & 1) != 0);
    }

    private static Recover readRecover(WireReader in) {
        int bits = in.octet();
        return new Recover((bits & 1) != 0);
    }

    private static Nack readNack(WireReader in) {
        long deliveryTag = in.longLong();
        int bits = in.octet();
        return new Nack(deliveryTag, (bits & 1) != 0, (bits & 2) != 0);
    }
}
