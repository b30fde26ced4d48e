package dev.sluice.log;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** No room is left on the device or in the quota; the write may have happened in part. Immutable. */
public final class DiskFullException extends IOException {
    private static final long serialVersionUID = 1L;

    public DiskFullException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
