package dev.sluice.amqp;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** Transaction methods (class 90). Arguments in the order of the wire; reserved ones are left out. Immutable. */
sealed interface TxMethod extends AmqpMethod {
    int CLASS_ID = 90;

    /** Reads the arguments of the method with this full id; null when the class has no such method. */
    static @Nullable TxMethod read(int id, WireReader in) {
        return switch (id) {
            case Select.ID -> new Select();
            case SelectOk.ID -> new SelectOk();
            case Commit.ID -> new Commit();
            case CommitOk.ID -> new CommitOk();
            case Rollback.ID -> new Rollback();
            case RollbackOk.ID -> new RollbackOk();
            default -> null;
        };
    }

    record Select() implements TxMethod {
        static final int ID = (CLASS_ID << 16) | 10;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {}
    }

    record SelectOk() implements TxMethod {
        static final int ID = (CLASS_ID << 16) | 11;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {}
    }

    record Commit() implements TxMethod {
        static final int ID = (CLASS_ID << 16) | 20;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {}
    }

    record CommitOk() implements TxMethod {
        static final int ID = (CLASS_ID << 16) | 21;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {}
    }

    record Rollback() implements TxMethod {
        static final int ID = (CLASS_ID << 16) | 30;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {}
    }

    record RollbackOk() implements TxMethod {
        static final int ID = (CLASS_ID << 16) | 31;

        @Override
        public int id() {
            return ID;
        }

        @Override
        public void writeArguments(ByteBuf out) {}
    }
}
