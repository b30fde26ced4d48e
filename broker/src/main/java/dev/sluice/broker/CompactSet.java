package dev.sluice.broker;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Different things in no order. Made for indexes of many sets of which most hold one thing and a few hold very many: small for the former, and adding and removing cost the same for the latter. Confined to its
 * owner's thread.
 */
final class CompactSet<T> {
    /** So many are found fast enough one by one. */
    private static final int FEW = 8;

    /** The only member, apart from {@link #members} so that one is found without a detour; null when there are none or several. */
    private @Nullable T only;
    /** All members when there are several, none otherwise. */
    private Collection<T> members = List.of();

    /** {@code member} is not there yet. */
    void add(T member) {
        if (isEmpty()) {
            only = member;
            return;
        }
        if (only != null) {
            members = new ArrayList<>(2);
            members.add(only);
            only = null;
        } else if (members.size() == FEW && members instanceof ArrayList) {
            members = new LinkedHashSet<>(members);
        }
        members.add(member);
    }

    /** {@code member} is there. */
    void remove(T member) {
        if (only != null) {
            only = only.equals(member) ? null : only;
            return;
        }
        if (!members.remove(member)) {
            return;
        }
        if (members.size() == 1) {
            only = members.iterator().next();
            members = List.of();
        } else if (members.size() == FEW / 2 && members instanceof LinkedHashSet) {
            members = new ArrayList<>(members);
        }
    }

    int size() {
        return only != null ? 1 : members.size();
    }

    boolean isEmpty() {
        return size() == 0;
    }

    void forEach(Consumer<? super T> action) {
        if (only != null) {
            action.accept(only);
        } else {
            members.forEach(action);
        }
    }
}
