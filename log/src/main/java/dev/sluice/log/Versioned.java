package dev.sluice.log;

import java.util.Arrays;

/**
 * A value of the metadata store with its version. Versions grow over the whole store and are never used twice, so that
 * a key which was deleted and created again is told from the old one. The array is shared: nobody changes it.
 */
@SuppressWarnings("ArrayRecordComponent") // a copy per read would buy nothing: values are never changed in place
public record Versioned(byte[] value, long version) {

    @Override
    public boolean equals(Object other) {
        return other instanceof Versioned that && version == that.version && Arrays.equals(value, that.value);
    }

    @Override
    public int hashCode() {
        return Long.hashCode(version);
    }

    @Override
    public String toString() {
        return "version " + version + ", " + value.length + " bytes";
    }
}
