package dev.sluice.amqp;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A field array, {@code A}. Immutable. */
record FieldArray(List<FieldValue> values) implements FieldValue {
    FieldArray {
        values = List.copyOf(values);
    }

    @Override
    public char type() {
        return 'A';
    }

    @Override
    public List<@Nullable Object> plain() {
        List<@Nullable Object> plain = new ArrayList<>(values.size());
        for (FieldValue value : values) {
            plain.add(value.plain());
        }
        return Collections.unmodifiableList(plain);
    }
}
