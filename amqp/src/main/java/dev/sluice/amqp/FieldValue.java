package dev.sluice.amqp;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A typed value in a field table (section 4.2.5.5, with RabbitMQ's type letters, which differ from the specification's). The type letter is kept, so
 * that a value is written as it was read. Immutable.
 */
sealed interface FieldValue
        permits LongString,
                FieldTable,
                FieldArray,
                FieldValue.Bool,
                FieldValue.Whole,
                FieldValue.SinglePrecision,
                FieldValue.DoublePrecision,
                FieldValue.Decimal,
                FieldValue.Timestamp,
                FieldValue.Binary,
                FieldValue.None {

    /** The type letter on the wire. */
    char type();

    /**
     * The value in plain Java, as the broker knows it: String, Long, Double, Boolean, byte[], BigDecimal, Instant, List, Map or null. Text that is not
     * UTF-8 is byte[]; a timestamp beyond the range of Instant is Long.
     */
    @Nullable
    Object plain();

    static FieldValue of(String text) {
        return LongString.of(text);
    }

    static FieldValue of(boolean value) {
        return new Bool(value);
    }

    static FieldValue of(int value) {
        return new Whole('I', value);
    }

    static FieldValue of(long value) {
        return new Whole('l', value);
    }

    /** {@code t}. */
    record Bool(boolean value) implements FieldValue {
        @Override
        public char type() {
            return 't';
        }

        @Override
        public Object plain() {
            return value;
        }
    }

    /**
     * Any whole number: {@code b B} 8 bits, {@code s u} 16 bits, {@code I i} 32 bits (signed, unsigned each), {@code l L} 64 bits (both signed in
     * RabbitMQ's errata).
     */
    record Whole(char type, long value) implements FieldValue {
        public Whole {
            long lowest = -1L << (bits(type) - 1);
            long highest = ~lowest;
            if (isUnsigned(type)) {
                lowest = 0;
                highest = (1L << bits(type)) - 1;
            }
            if (value < lowest || value > highest) {
                throw new IllegalArgumentException(value + " does not fit field type '" + type + "'");
            }
        }

        private static boolean isUnsigned(char type) {
            return type == 'B' || type == 'u' || type == 'i';
        }

        private static int bits(char type) {
            return switch (type) {
                case 'b', 'B' -> 8;
                case 's', 'u' -> 16;
                case 'I', 'i' -> 32;
                case 'l', 'L' -> 64;
                default -> throw new IllegalArgumentException("'" + type + "' is not the type of a whole number");
            };
        }

        @Override
        public Object plain() {
            return value;
        }
    }

    /** {@code f}. */
    record SinglePrecision(float value) implements FieldValue {
        @Override
        public char type() {
            return 'f';
        }

        @Override
        public Object plain() {
            return (double) value;
        }
    }

    /** {@code d}. */
    record DoublePrecision(double value) implements FieldValue {
        @Override
        public char type() {
            return 'd';
        }

        @Override
        public Object plain() {
            return value;
        }
    }

    /** {@code D}: {@code unscaled} divided by ten to the power of {@code scale} (0 to 255). Signed, as RabbitMQ's Java client reads it. */
    record Decimal(int scale, int unscaled) implements FieldValue {
        @Override
        public char type() {
            return 'D';
        }

        @Override
        public Object plain() {
            return new BigDecimal(BigInteger.valueOf(unscaled), scale);
        }
    }

    /** {@code T}: seconds since 1970, by the specification; some clients put milliseconds there, so nothing is checked. */
    record Timestamp(long seconds) implements FieldValue {
        @Override
        public char type() {
            return 'T';
        }

        @Override
        public Object plain() {
            boolean fits = seconds >= Instant.MIN.getEpochSecond() && seconds <= Instant.MAX.getEpochSecond();
            return fits ? Instant.ofEpochSecond(seconds) : (Object) seconds;
        }
    }

    /** {@code x}. */
    record Binary(LongString content) implements FieldValue {
        @Override
        public char type() {
            return 'x';
        }

        @Override
        public Object plain() {
            return content.bytes();
        }
    }

    /** {@code V}: no value. */
    enum None implements FieldValue {
        NONE;

        @Override
        public char type() {
            return 'V';
        }

        @Override
        public @Nullable Object plain() {
            return null;
        }
    }
}
