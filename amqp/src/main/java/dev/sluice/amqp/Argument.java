package dev.sluice.amqp;

import dev.sluice.amqp.FieldValue.Whole;
import org.jspecify.annotations.Nullable;

/** What the arguments of declare and consume have in common. Stateless. */
final class Argument {
    private Argument() {}

    /** Arguments that were understood, or why they were not. */
    sealed interface Parsed<T> {
        record Understood<T>(T value) implements Parsed<T> {}

        record Invalid<T>(ReplyCode code, String explanation) implements Parsed<T> {}
    }

    /** RabbitMQ's feature, which this broker does not have yet: refused rather than ignored, since somebody relies on it. */
    static <T> Parsed<T> notImplemented(String argument, String what) {
        return new Parsed.Invalid<>(
                ReplyCode.NOT_IMPLEMENTED, "argument '" + argument + "' for " + what + " is not implemented");
    }

    /** {@code problem}: an Erlang term, as RabbitMQ writes it. */
    static <T> Parsed<T> invalid(String argument, String what, String problem) {
        return new Parsed.Invalid<>(
                ReplyCode.PRECONDITION_FAILED, "invalid arg '" + argument + "' for " + what + ": " + problem);
    }

    /** What is wrong with a number that has to be at least {@code least} (0 or 1); null when nothing is. */
    static @Nullable String problemOfNumber(FieldValue value, long least) {
        if (!(value instanceof Whole(char type, long number))) {
            return unacceptableType(value);
        }
        if (number < 0) {
            return "{value_negative," + number + "}";
        }
        return number < least ? "{value_zero," + number + "}" : null;
    }

    static String unacceptableType(FieldValue value) {
        return "{unacceptable_type," + erlangType(value) + "}";
    }

    private static String erlangType(FieldValue value) {
        return switch (value) {
            case LongString text -> "longstr";
            case FieldTable table -> "table";
            case FieldArray array -> "array";
            case FieldValue.Bool bool -> "bool";
            case Whole whole -> erlangType(whole.type());
            case FieldValue.SinglePrecision number -> "float";
            case FieldValue.DoublePrecision number -> "double";
            case FieldValue.Decimal number -> "decimal";
            case FieldValue.Timestamp time -> "timestamp";
            case FieldValue.Binary binary -> "binary";
            case FieldValue.None none -> "void";
        };
    }

    private static String erlangType(char type) {
        return switch (type) {
            case 'b' -> "byte";
            case 'B' -> "unsignedbyte";
            case 's' -> "short";
            case 'u' -> "unsignedshort";
            case 'I' -> "signedint";
            case 'i' -> "unsignedint";
            default -> "long";
        };
    }
}
