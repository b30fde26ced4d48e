package dev.sluice.log;

import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes segment files that no chain names. Stateless. A crash before leaves them to {@link #deleteUnnamed}. */
final class SegmentFiles {
    private static final Logger LOG = LoggerFactory.getLogger(SegmentFiles.class);

    private SegmentFiles() {}

    /** On a background thread. */
    static void delete(StorageNode node, List<SegmentRef> segments) {
        if (!segments.isEmpty()) {
            node.deletes()
                    .run(() -> node.threads()
                            .background()
                            .execute(() -> segments.forEach(segment -> delete(node.disk(), segment.fileName()))));
        }
    }

    /** Blocks: deletes the files of the folder that are not in use. */
    static void deleteUnnamed(Disk disk, Iterable<SegmentChain> chains) throws IOException {
        Set<String> named = new HashSet<>();
        for (SegmentChain chain : chains) {
            chain.segments().forEach(segment -> named.add(segment.fileName()));
        }
        for (String name : disk.list(SegmentRef.FOLDER)) {
            String path = SegmentRef.FOLDER + '/' + name;
            if (!named.contains(path)) {
                delete(disk, path);
            }
        }
    }

    private static void delete(Disk disk, String name) {
        try {
            disk.delete(name);
        } catch (IOException failure) {
            LOG.warn("The unused segment file {} could not be deleted: {}", name, failure.toString());
        }
    }
}
