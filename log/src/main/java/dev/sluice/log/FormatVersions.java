package dev.sluice.log;

/** What is said of formats that this release does not know; docs/formats.md has those that it knows. Stateless. */
final class FormatVersions {
    private FormatVersions() {}

    static String unknown(int found, int known) {
        return "it has format version " + found + ", and this release reads " + known
                + ": it was written by a newer release; nothing was changed";
    }

    /**
     * True if the version of the metadata key is the one known.
     *
     * @throws StorageException of kind CORRUPT if it is another
     */
    static boolean check(String key, int found, int known) {
        if (found != known) {
            throw new StorageException(
                    StorageException.Kind.CORRUPT,
                    "the metadata key " + key + " cannot be read: " + unknown(found, known));
        }
        return true;
    }
}
