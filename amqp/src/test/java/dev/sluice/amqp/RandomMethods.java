package dev.sluice.amqp;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/** Makes methods and field tables from a seed. */
final class RandomMethods {
    private static final String ALPHABET = "abcXYZ01./-_#* éß€漢😀";
    private static final char[] WHOLE_TYPES = {'b', 'B', 's', 'u', 'I', 'i', 'l', 'L'};

    private final SplittableRandom random;

    RandomMethods(long seed) {
        random = new SplittableRandom(seed);
    }

    /** The record classes of all methods. */
    static List<Class<?>> classes() {
        return Arrays.stream(AmqpMethod.class.getPermittedSubclasses())
                .flatMap(group -> Arrays.stream(group.getPermittedSubclasses()))
                .<Class<?>>map(type -> type)
                .toList();
    }

    AmqpMethod next() {
        List<Class<?>> classes = classes();
        return next(classes.get(random.nextInt(classes.size())));
    }

    AmqpMethod next(Class<?> type) {
        RecordComponent[] components = type.getRecordComponents();
        Class<?>[] types =
                Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
        Object[] arguments = Stream.of(components).map(this::argument).toArray();
        try {
            return (AmqpMethod) type.getDeclaredConstructor(types).newInstance(arguments);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }

    private Object argument(RecordComponent component) {
        Class<?> type = component.getType();
        if (type == int.class) {
            // The two versions are the only octets.
            return random.nextInt(component.getName().startsWith("version") ? 1 << 8 : 1 << 16);
        }
        if (type == long.class) {
            return component.getName().equals("deliveryTag") ? random.nextLong() : random.nextLong(1L << 32);
        }
        if (type == boolean.class) {
            return random.nextBoolean();
        }
        if (type == String.class) {
            return text(20);
        }
        return type == LongString.class ? LongString.of(text(200)) : table(0);
    }

    String text(int maxCharacters) {
        int[] characters = ALPHABET.codePoints().toArray();
        StringBuilder text = new StringBuilder();
        for (int left = random.nextInt(maxCharacters + 1); left > 0; left--) {
            text.appendCodePoint(characters[random.nextInt(characters.length)]);
        }
        return text.toString();
    }

    FieldTable table(int depth) {
        FieldTable.Builder table = FieldTable.builder();
        for (int left = random.nextInt(5); left > 0; left--) {
            table.put(text(12), value(depth));
        }
        return table.build();
    }

    private FieldValue value(int depth) {
        return switch (random.nextInt(depth < 4 ? 12 : 9)) {
            case 0 -> FieldValue.of(random.nextBoolean());
            case 1, 2 -> whole();
            case 3 -> new FieldValue.SinglePrecision((float) random.nextDouble());
            case 4 -> new FieldValue.DoublePrecision(random.nextDouble());
            case 5 -> new FieldValue.Decimal(random.nextInt(256), random.nextInt());
            case 6 -> new FieldValue.Timestamp(random.nextLong());
            case 7 -> FieldValue.None.NONE;
            case 8 -> new FieldValue.Binary(bytes());
            case 9 -> table(depth + 1);
            case 10 -> array(depth + 1);
            default -> random.nextBoolean() ? LongString.of(text(50)) : bytes();
        };
    }

    private FieldArray array(int depth) {
        List<FieldValue> values = new ArrayList<>();
        for (int left = random.nextInt(5); left > 0; left--) {
            values.add(value(depth));
        }
        return new FieldArray(values);
    }

    private FieldValue whole() {
        return switch (WHOLE_TYPES[random.nextInt(WHOLE_TYPES.length)]) {
            case 'b' -> new FieldValue.Whole('b', random.nextInt(-128, 128));
            case 'B' -> new FieldValue.Whole('B', random.nextInt(256));
            case 's' -> new FieldValue.Whole('s', random.nextInt(-32768, 32768));
            case 'u' -> new FieldValue.Whole('u', random.nextInt(65536));
            case 'I' -> new FieldValue.Whole('I', random.nextInt());
            case 'i' -> new FieldValue.Whole('i', random.nextLong(1L << 32));
            case 'l' -> new FieldValue.Whole('l', random.nextLong());
            default -> new FieldValue.Whole('L', random.nextLong());
        };
    }

    private LongString bytes() {
        byte[] bytes = new byte[random.nextInt(40)];
        random.nextBytes(bytes);
        return LongString.of(bytes);
    }
}
