package dev.sluice.amqp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A view of the encoded properties of a message, which are stored and passed on as they came:
 *
 * <pre>
 *   +--------+-----------------------------------------------+
 *   | flags  | values of the properties whose flag is set    |
 *   | uint16 | shortstr, table, octet or timestamp, in order |
 *   +--------+-----------------------------------------------+
 * </pre>
 *
 * Reusable; confined to one thread; borrows the buffer, without retaining it.
 */
final class ContentProperties {
    /** Only class basic has content, and it has no second word of flags. */
    private static final int MORE_FLAGS = 1;

    private final FieldWalker walker = new FieldWalker();
    private final int[] positions = new int[Property.COUNT];
    private ByteBuf in = Unpooled.EMPTY_BUFFER;
    private int index;
    private int length;
    private int flags;
    private @Nullable Property omitted;

    /**
     * Looks at other bytes, and checks that they are well-formed without decoding any value. When they are not, this view is empty.
     *
     * @return whether the bytes are well-formed
     */
    boolean reset(ByteBuf buffer, int from, int bytes) {
        in = buffer;
        index = from;
        length = bytes;
        omitted = null;
        int end = from + bytes;
        if (bytes >= Short.BYTES && findValues(buffer.getUnsignedShort(from), from + Short.BYTES, end)) {
            return true;
        }
        clear();
        return false;
    }

    /** Forgets the buffer; this view has no properties then. */
    void clear() {
        in = Unpooled.EMPTY_BUFFER;
        index = 0;
        length = 0;
        flags = 0;
    }

    private boolean findValues(int newFlags, int from, int end) {
        if ((newFlags & MORE_FLAGS) != 0) {
            return false;
        }
        flags = newFlags;
        int at = from;
        for (int property = 0, flag = 1 << 15; property < Property.COUNT; property++, flag >>>= 1) {
            if ((newFlags & flag) != 0) {
                positions[property] = at;
                at = skip(property, at, end);
                if (at == FieldWalker.MALFORMED) {
                    return false;
                }
            }
        }
        return at == end;
    }

    private int skip(int property, int at, int end) {
        int bytes = switch (property) {
            case 2 -> walker.skipTable(in, at, end) - at;
            case 3, 4 -> 1;
            case 9 -> Long.BYTES;
            default -> at < end ? 1 + in.getUnsignedByte(at) : 1;
        };
        return bytes > 0 && end - at >= bytes ? at + bytes : FieldWalker.MALFORMED;
    }

    /** The buffer in which the encoded properties are, from {@link #index} on for {@link #length} bytes. */
    ByteBuf buffer() {
        return in;
    }

    int index() {
        return index;
    }

    int length() {
        return length;
    }

    boolean has(Property property) {
        return (flags & property.flag()) != 0;
    }

    boolean isPersistent() {
        return has(Property.DELIVERY_MODE) && octet(Property.DELIVERY_MODE) == 2;
    }

    /** 0 when absent. */
    int priority() {
        return has(Property.PRIORITY) ? octet(Property.PRIORITY) : 0;
    }

    /** As it was sent, usually seconds since 1970; 0 when absent. */
    long timestamp() {
        return has(Property.TIMESTAMP) ? in.getLong(position(Property.TIMESTAMP)) : 0;
    }

    /** A text property, null when absent; what is not UTF-8 becomes the replacement character. */
    @Nullable
    String text(Property property) {
        if (property == Property.HEADERS
                || property == Property.DELIVERY_MODE
                || property == Property.PRIORITY
                || property == Property.TIMESTAMP) {
            throw new IllegalArgumentException(property + " is not text");
        }
        if (!has(property)) {
            return null;
        }
        int at = position(property);
        return Utf8.read(in, at + 1, in.getUnsignedByte(at));
    }

    /** All headers, decoded; empty when absent. */
    FieldTable headers() {
        if (!has(Property.HEADERS)) {
            return FieldTable.EMPTY;
        }
        WireReader reader = new WireReader();
        reader.reset(in, position(Property.HEADERS), headersBytes(), FieldTable.MAX_FIELDS);
        return reader.table();
    }

    /** The first header of this name (in UTF-8), or null. Decodes no other header. */
    @Nullable
    FieldValue header(byte[] name) {
        if (!has(Property.HEADERS)) {
            return null;
        }
        int end = position(Property.HEADERS) + headersBytes();
        int at = position(Property.HEADERS) + Integer.BYTES;
        while (at < end) {
            int value = valueIndex(at);
            if (isName(at, name)) {
                WireReader reader = new WireReader();
                reader.reset(in, value, end - value, FieldTable.MAX_FIELDS);
                return reader.value();
            }
            at = walker.skipValue(in, value, end);
        }
        return null;
    }

    /** Leaves out a property behind the headers, of those that are text, the next time that this is written {@linkplain #writeWithHeaders with other headers}. */
    void omit(Property property) {
        omitted = has(property) ? property : null;
    }

    /**
     * Writes these properties with other headers: those named in {@code removed} or {@code added} are left out, then {@code added} follows. All
     * other bytes stay as they are.
     */
    void writeWithHeaders(ByteBuf out, FieldTable added, Set<LongString> removed) {
        boolean hasHeaders = has(Property.HEADERS);
        int headersStart = hasHeaders ? position(Property.HEADERS) : firstPositionFrom(Property.HEADERS.place());
        int headersEnd = hasHeaders ? headersStart + headersBytes() : headersStart;
        int valuesStart = index + Short.BYTES;
        Property left = omitted;
        out.writeShort((flags | Property.HEADERS.flag()) & ~(left == null ? 0 : left.flag()));
        out.writeBytes(in, valuesStart, headersStart - valuesStart);
        int lengthIndex = out.writerIndex();
        out.writeInt(0);
        if (hasHeaders) {
            copyHeaders(out, headersStart + Integer.BYTES, headersEnd, added, removed);
        }
        for (FieldTable.Entry entry : added.entries()) {
            WireWriter.field(out, entry);
        }
        out.setInt(lengthIndex, out.writerIndex() - lengthIndex - Integer.BYTES);
        int rest = headersEnd;
        if (left != null) {
            int at = position(left);
            out.writeBytes(in, rest, at - rest);
            rest = at + 1 + in.getUnsignedByte(at);
        }
        out.writeBytes(in, rest, index + length - rest);
    }

    private void copyHeaders(ByteBuf out, int from, int end, FieldTable added, Set<LongString> removed) {
        int at = from;
        while (at < end) {
            int value = valueIndex(at);
            int next = walker.skipValue(in, value, end);
            LongString name = LongString.read(in, at + 1, value - at - 1);
            if (!removed.contains(name) && added.get(name.text()) == null) {
                out.writeBytes(in, at, next - at);
            }
            at = next;
        }
    }

    private int octet(Property property) {
        return in.getUnsignedByte(position(property));
    }

    private int position(Property property) {
        return positions[property.place()];
    }

    private int headersBytes() {
        int at = position(Property.HEADERS);
        return Integer.BYTES + in.getInt(at);
    }

    private int firstPositionFrom(int property) {
        int later = flags & (0xFFFC & (0xFFFF >>> property));
        return later == 0 ? index + length : positions[Integer.numberOfLeadingZeros(later) - Short.SIZE];
    }

    private int valueIndex(int nameIndex) {
        return nameIndex + 1 + in.getUnsignedByte(nameIndex);
    }

    private boolean isName(int nameIndex, byte[] name) {
        if (in.getUnsignedByte(nameIndex) != name.length) {
            return false;
        }
        for (int i = 0; i < name.length; i++) {
            if (in.getByte(nameIndex + 1 + i) != name[i]) {
                return false;
            }
        }
        return true;
    }

    @Override
    public String toString() {
        return "ContentProperties"
                + Arrays.stream(Property.values()).filter(this::has).toList();
    }
}
