package dev.sluice.amqp;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** Connection methods (class 10), with RabbitMQ's blocked, unblocked and update-secret. Arguments in the order of the wire; reserved ones are left out. Immutable. */
sealed interface ConnectionMethod extends AmqpMethod {
    int CLASS_ID = 10;

    /** Reads the arguments of the method with this full id; null when the class has no such method. */
    static @Nullable ConnectionMethod read(int id, WireReader in) {
        return switch (id) {
            case Start.ID -> new Start(in.octet(), in.octet(), in.table(), in.longstr(), in.longstr());
            case StartOk.ID -> new StartOk(in.table(), in.shortstr(), in.longstr(), in.shortstr());
            case Secure.ID -> new Secure(in.longstr());
            case SecureOk.ID -> new SecureOk(in.longstr());
            case Tune.ID -> new Tune(in.shortInt(), in.longInt(), in.shortInt());
            case TuneOk.ID -> new TuneOk(in.shortInt(), in.longInt(), in.shortInt());
            case Open.ID -> readOpen(in);
            case OpenOk.ID -> readOpenOk(in);
            case Close.ID -> new Close(in.shortInt(), in.shortstr(), in.shortInt(), in.shortInt());
            case CloseOk.ID -> new CloseOk();
            case Blocked.ID -> new Blocked(in.shortstr());
            case Unblocked.ID -> new Unblocked();
            case UpdateSecret.ID -> new UpdateSecret(in.longstr(), in.shortstr());
            case UpdateSecretOk.ID -> new UpdateSecretOk();
            default -> null;
        };
    }

    record Start(
            int versionMajor, int versionMinor, FieldTable serverProperties, LongString mechanisms, LongString locales)
            implements ConnectionMethod {
        static final int ID = (CLASS_ID << 16) | 10;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            out.writeByte(versionMajor);
            out.writeByte(versionMinor);
            WireWriter.table(out, serverProperties);
            WireWriter.longstr(out, mechanisms);
            WireWriter.longstr(out, locales);
        }
    }

    record StartOk(FieldTable clientProperties, String mechanism, LongString response, String locale)
            implements ConnectionMethod {
        static final int ID = (CLASS_ID << 16) | 11;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            WireWriter.table(out, clientProperties);
            WireWriter.shortstr(out, mechanism);
            WireWriter.longstr(out, response);
            WireWriter.shortstr(out, locale);
        }

        /** Without the secret in it. */
        @Override
        public String toString() {
            return "StartOk[...]";
        }
    }

    record Secure(LongString challenge) implements ConnectionMethod {
        static final int ID = (CLASS_ID << 16) | 20;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            WireWriter.longstr(out, challenge);
        }

        /** Without the secret in it. */
        @Override
        public String toString() {
            return "Secure[...]";
        }
    }

    record SecureOk(LongString response) implements ConnectionMethod {
        static final int ID = (CLASS_ID << 16) | 21;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            WireWriter.longstr(out, response);
        }

        /** Without the secret in it. */
        @Override
        public String toString() {
            return "SecureOk[...]";
        }
    }

    record Tune(int channelMax, long frameMax, int heartbeatSeconds) implements ConnectionMethod {
        static final int ID = (CLASS_ID << 16) | 30;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            out.writeShort(channelMax);
            out.writeInt((int) frameMax);
            out.writeShort(heartbeatSeconds);
        }
    }

    record TuneOk(int channelMax, long frameMax, int heartbeatSeconds) implements ConnectionMethod {
        static final int ID = (CLASS_ID << 16) | 31;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            out.writeShort(channelMax);
            out.writeInt((int) frameMax);
            out.writeShort(heartbeatSeconds);
        }
    }

    record Open(String virtualHost) implements ConnectionMethod {
        static final int ID = (CLASS_ID << 16) | 40;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            WireWriter.shortstr(out, virtualHost);
            out.writeByte(0);
            out.writeByte(0);
        }
    }

    record OpenOk() implements ConnectionMethod {
        static final int ID = (CLASS_ID << 16) | 41;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            out.writeByte(0);
        }
    }

    record Close(int replyCode, String replyText, int failedClassId, int failedMethodId) implements ConnectionMethod {
        static final int ID = (CLASS_ID << 16) | 50;

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

    record CloseOk() implements ConnectionMethod {
        static final int ID = (CLASS_ID << 16) | 51;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {}
    }

    record Blocked(String reason) implements ConnectionMethod {
        static final int ID = (CLASS_ID << 16) | 60;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            WireWriter.shortstr(out, reason);
        }
    }

    record Unblocked() implements ConnectionMethod {
        static final int ID = (CLASS_ID << 16) | 61;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {}
    }

    record UpdateSecret(LongString newSecret, String reason) implements ConnectionMethod {
        static final int ID = (CLASS_ID << 16) | 70;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {
            WireWriter.longstr(out, newSecret);
            WireWriter.shortstr(out, reason);
        }

        /** Without the secret in it. */
        @Override
        public String toString() {
            return "UpdateSecret[...]";
        }
    }

    record UpdateSecretOk() implements ConnectionMethod {
        static final int ID = (CLASS_ID << 16) | 71;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {}
    }

    private static Open readOpen(WireReader in) {
        String virtualHost = in.shortstr();
        in.shortstr();
        in.octet();
        return new Open(virtualHost);
    }

    private static OpenOk readOpenOk(WireReader in) {
        in.shortstr();
        return new OpenOk();
    }
}
