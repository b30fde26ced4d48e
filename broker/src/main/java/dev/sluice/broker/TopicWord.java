package dev.sluice.broker;

import org.jspecify.annotations.Nullable;

/**
 * One word of a routing key or pattern, as a part of a string that is not copied; equal to any other with the same characters. One that is a key of a map is not set again. Confined to its shard. Comparable so that words
 * made to have the same hash do not make a map slow.
 */
final class TopicWord implements Comparable<TopicWord> {
    private String text;
    private int start;
    private int length;
    private int hash;

    TopicWord(String text) {
        this.text = text;
        set(text, 0, text.length());
    }

    /** Stands for the characters from {@code from} up to {@code end} from now on. */
    TopicWord set(String of, int from, int end) {
        text = of;
        start = from;
        length = end - from;
        int sum = 0;
        for (int i = from; i < end; i++) {
            sum = 31 * sum + of.charAt(i);
        }
        hash = sum;
        return this;
    }

    boolean is(String other) {
        return length == other.length() && text.startsWith(other, start);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TopicWord word
                && hash == word.hash
                && length == word.length
                && text.regionMatches(start, word.text, word.start, length);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    @Override
    public int compareTo(TopicWord other) {
        int common = Math.min(length, other.length);
        for (int i = 0; i < common; i++) {
            int difference = text.charAt(start + i) - other.text.charAt(other.start + i);
            if (difference != 0) {
                return difference;
            }
        }
        return length - other.length;
    }
}
