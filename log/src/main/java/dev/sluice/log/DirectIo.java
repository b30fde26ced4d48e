package dev.sluice.log;

import java.nio.file.OpenOption;
import org.jspecify.annotations.Nullable;

/** Finds the open option for direct I/O, which is part of this JVM but not of the Java standard. Stateless. */
public final class DirectIo {
    private static final @Nullable OpenOption OPTION = find();

    private DirectIo() {}

    /** Null where this JVM has none. */
    public static @Nullable OpenOption option() {
        return OPTION;
    }

    private static @Nullable OpenOption find() {
        try {
            for (Object constant :
                    Class.forName("com.sun.nio.file.ExtendedOpenOption").getEnumConstants()) {
                if (constant instanceof OpenOption option && constant.toString().equals("DIRECT")) {
                    return option;
                }
            }
            return null;
        } catch (ClassNotFoundException absent) {
            return null;
        }
    }
}
