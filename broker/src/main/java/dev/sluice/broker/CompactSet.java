package dev.sluice.broker;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.function.Consumer;

/**
 * Different things in no order. Made for indexes of many sets of which most hold one thing and a few hold very many: small for the former, and adding and removing cost the same for the latter. Confined to its
 * owner's thread.
 */
final class CompactSet<T> {
    /** So many are found fast enough one by one. */
    private static final int FEW = 8;

    private Collection<T> members = new ArrayList<>(1);

    /** {@code member} is not there yet. */
    void add(T member) {
        if (members.size() == FEW && members instanceof ArrayList) {
            members = new LinkedHashSet<>(members);
        }
        members.add(member);
    }

    void remove(T member) {
        members.remove(member);
        if (members.size() == FEW / 2 && members instanceof LinkedHashSet) {
            members = new ArrayList<>(members);
        }
    }

    int size() {
        return members.size();
    }

    boolean isEmpty() {
        return members.isEmpty();
    }

    void forEach(Consumer<? super T> action) {
        members.forEach(action);
    }
}
