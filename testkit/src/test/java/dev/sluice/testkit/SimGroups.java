package dev.sluice.testkit;

import dev.sluice.log.AppendGroup;
import java.util.ArrayList;
import java.util.List;

/**
 * Confined to the thread of the simulation. Which appends of a {@link LogSim} belong together, and what became of them: each group is
 * there as a whole or not at all.
 */
final class SimGroups {
    private enum Fate {
        UNKNOWN,
        THERE,
        LOST
    }

    private record Member(SimLog log, long baseOffset, long lastOffset) {}

    /** One group, as the simulation uses it. */
    static final class Group {
        private final int number;
        private final List<Member> members = new ArrayList<>();
        private int missing;
        private Fate fate = Fate.UNKNOWN;
        final AppendGroup appends;

        private Group(int number, AppendGroup appends, int members) {
            this.number = number;
            this.appends = appends;
            this.missing = members;
        }

        /** The member was appended. */
        void appended(SimLog log, long baseOffset, long lastOffset) {
            missing--;
            members.add(new Member(log, baseOffset, lastOffset));
        }

        /** One member has no log any more. */
        void left() {
            missing--;
            appends.leave();
        }

        private void isThere(String why) {
            LogSim.require(missing == 0, this + " is there, " + why + ", without " + missing + " of its members");
            LogSim.require(fate != Fate.LOST, this + " is there in part, " + why);
            fate = Fate.THERE;
        }

        private void isLost(String why) {
            LogSim.require(fate != Fate.THERE, this + " is lost in part, " + why);
            fate = Fate.LOST;
        }

        @Override
        public String toString() {
            return "group " + number;
        }
    }

    private final List<Group> groups = new ArrayList<>();

    Group begin(AppendGroup appends, int members) {
        Group group = new Group(groups.size(), appends, members);
        groups.add(group);
        return group;
    }

    /** What has not got all its members by now never will. */
    void lifeEnded() {
        for (Group group : groups) {
            if (group.missing > 0) {
                group.isLost("as its life ended before it was complete");
            }
        }
    }

    /** Whether any lacks a member, so that logs may be held up. */
    boolean isAnyIncomplete() {
        return groups.stream().anyMatch(group -> group.missing > 0 && group.fate == Fate.UNKNOWN);
    }

    /** The log was told so. */
    void durable(SimLog log, long durableOffset) {
        for (Group group : groups) {
            for (Member member : group.members) {
                if (member.log == log && member.lastOffset < durableOffset) {
                    group.isThere("as log " + log.model.id + " was told");
                }
            }
        }
    }

    /** The log ends there; before its model hears of it. */
    void opened(SimLog log, long endOffset) {
        for (Group group : groups) {
            group.members.removeIf(member -> member.log == log && !isFoundAgain(group, member, endOffset));
        }
    }

    /** Of what was given up nothing can be said. */
    private static boolean isFoundAgain(Group group, Member member, long endOffset) {
        if (!member.log.model.isNeeded(member.baseOffset)) {
            return false;
        }
        String why = "as log " + member.log.model.id + " ends at " + endOffset;
        boolean isThere = member.lastOffset < endOffset;
        if (isThere) {
            group.isThere(why);
        } else {
            group.isLost(why);
        }
        return isThere;
    }

    /** An older state was brought back, or damage was done: what is there may be gone, but not in part. */
    void mayBeGone() {
        for (Group group : groups) {
            if (group.fate == Fate.THERE) {
                group.fate = Fate.UNKNOWN;
            }
        }
    }

    /** Parts may be missing. */
    void mayBeTorn() {
        groups.clear();
    }
}
