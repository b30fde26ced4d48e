package dev.sluice.broker;

import dev.sluice.broker.Binding.Destination;
import dev.sluice.broker.QueueSettings.Overflow;
import dev.sluice.log.Durability;
import dev.sluice.log.LogId;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The stored form of exchanges, queues and bindings in the metadata store: a version byte, then the fields in the order of their records. Strings are {@link DataOutputStream#writeUTF}, numbers big-endian, values of
 * arguments one byte for the type and the value.
 */
final class TopologyCodec {
    /** Version 2 added whether it is for delayed messages. */
    private static final byte EXCHANGE_VERSION = 2;
    /**
     * Version 2 added the durability; version 3 keeps all settings by name; version 4 added where a subscription began, and what is paused; version 5 is the same, but that a topic may have starts, which
     * older releases do not know of.
     */
    private static final byte QUEUE_VERSION = 5;
    /** Part of what a binding's key is made of: see {@link TopologyStore}. */
    private static final byte BINDING_VERSION = 1;

    /**
     * A queue, where its records are, and what is paused of it.
     *
     * @param starts by partition; 0 for those behind the last. Of a subscription, the offset where it began in its topic; of a topic, the offset below which records were deleted
     */
    record StoredQueue(LogId id, QueueSpec spec, List<Long> starts, QueuePauses pauses) {
        /** A new one. */
        StoredQueue(LogId id, QueueSpec spec, List<Long> starts) {
            this(id, spec, starts, QueuePauses.NONE);
        }

        StoredQueue(LogId id, QueueSpec spec) {
            this(id, spec, List.of());
        }

        StoredQueue with(QueuePauses newPauses) {
            return new StoredQueue(id, spec, starts, newPauses);
        }

        StoredQueue with(QueueSpec newSpec) {
            return new StoredQueue(id, newSpec, starts, pauses);
        }

        long start(int partition) {
            return partition < starts.size() ? starts.get(partition) : 0;
        }

        /** With a start that is not lower than the one before. */
        StoredQueue withStart(int partition, long offset) {
            var raised = new ArrayList<>(starts);
            while (raised.size() <= partition) {
                raised.add(0L);
            }
            raised.set(partition, Math.max(offset, start(partition)));
            return new StoredQueue(id, spec, List.copyOf(raised), pauses);
        }
    }

    private TopologyCodec() {}

    static byte[] exchange(ExchangeSpec spec) {
        return encode(EXCHANGE_VERSION, out -> {
            out.writeUTF(spec.name());
            out.writeUTF(spec.type().name());
            out.writeBoolean(spec.autoDelete());
            out.writeBoolean(spec.internal());
            out.writeBoolean(spec.delayed());
            out.writeUTF(spec.alternate() == null ? "" : spec.alternate());
        });
    }

    static ExchangeSpec exchange(byte[] stored) {
        return decode(stored, EXCHANGE_VERSION, (version, in) -> {
            String name = in.readUTF();
            ExchangeType type = ExchangeType.valueOf(in.readUTF());
            boolean autoDelete = in.readBoolean();
            boolean internal = in.readBoolean();
            boolean delayed = version > 1 && in.readBoolean();
            String alternate = in.readUTF();
            return new ExchangeSpec(
                    name, type, true, autoDelete, internal, delayed, alternate.isEmpty() ? null : alternate);
        });
    }

    static byte[] queue(StoredQueue queue) {
        QueueSpec spec = queue.spec();
        return encode(QUEUE_VERSION, out -> {
            out.writeLong(queue.id().value());
            out.writeUTF(spec.name());
            out.writeBoolean(spec.autoDelete());
            Map<String, Object> chosen = new LinkedHashMap<>();
            spec.settings().chosen().forEach((property, value) -> chosen.put(property.propertyName(), value));
            writeMap(out, chosen);
            out.writeInt(queue.starts().size());
            for (long start : queue.starts()) {
                out.writeLong(start);
            }
            out.writeByte(queue.pauses().bits());
        });
    }

    static StoredQueue queue(byte[] stored) {
        return decode(stored, QUEUE_VERSION, (version, in) -> {
            var id = new LogId(in.readLong());
            String name = in.readUTF();
            boolean autoDelete = in.readBoolean();
            QueueSettings settings = version < 3 ? settingsOfVersion(version, in) : settings(readMap(in));
            var starts = new ArrayList<Long>();
            int count = version < 4 ? 0 : in.readInt();
            for (int i = 0; i < count; i++) {
                starts.add(in.readLong());
            }
            QueuePauses pauses = version < 4 ? QueuePauses.NONE : QueuePauses.ofBits(in.readByte());
            return new StoredQueue(id, new QueueSpec(name, true, false, autoDelete, settings), starts, pauses);
        });
    }

    private static QueueSettings settings(Map<String, Object> chosen) throws IOException {
        QueueSettings settings = QueueSettings.DEFAULT;
        for (Map.Entry<String, Object> entry : chosen.entrySet()) {
            QueueProperty property = QueueProperty.named(entry.getKey());
            if (property == null || property.problemOf(entry.getValue()) != null) {
                throw new IOException("the queue property " + entry.getKey() + " with the value " + entry.getValue()
                        + " is unknown to this release: it was written by a newer one, or is damaged");
            }
            settings = settings.with(property, entry.getValue());
        }
        return settings;
    }

    private static QueueSettings settingsOfVersion(byte version, DataInputStream in) throws IOException {
        long maxLength = in.readLong();
        Overflow overflow = Overflow.valueOf(in.readUTF());
        long messageTtlMs = in.readLong();
        long expiresMs = in.readLong();
        String durability = version == 1 ? Durability.SYNC.toString() : in.readUTF();
        QueueSettings settings = QueueSettings.DEFAULT
                .with(QueueProperty.OVERFLOW, overflow.word())
                .with(QueueProperty.DURABILITY, durability);
        settings = withNumber(settings, QueueProperty.MAX_LENGTH, maxLength);
        settings = withNumber(settings, QueueProperty.MESSAGE_TTL, messageTtlMs);
        return withNumber(settings, QueueProperty.EXPIRES, expiresMs);
    }

    private static QueueSettings withNumber(QueueSettings settings, QueueProperty property, long number) {
        return number == QueueSettings.UNLIMITED ? settings : settings.with(property, number);
    }

    static byte[] binding(Binding binding) {
        return encode(BINDING_VERSION, out -> {
            out.writeUTF(binding.source());
            out.writeBoolean(binding.destination() instanceof Destination.ToQueue);
            out.writeUTF(binding.destination().name());
            out.writeUTF(binding.key());
            writeMap(out, binding.arguments());
        });
    }

    static Binding binding(byte[] stored) {
        return decode(stored, BINDING_VERSION, (version, in) -> {
            String source = in.readUTF();
            boolean toQueue = in.readBoolean();
            String name = in.readUTF();
            String key = in.readUTF();
            return new Binding(
                    source,
                    toQueue ? new Destination.ToQueue(name) : new Destination.ToExchange(name),
                    key,
                    readMap(in));
        });
    }

    private static void writeMap(DataOutputStream out, Map<?, ?> map) throws IOException {
        out.writeInt(map.size());
        for (Map.Entry<?, ?> entry : new java.util.TreeMap<Object, Object>(map).entrySet()) {
            out.writeUTF(String.valueOf(entry.getKey()));
            writeValue(out, entry.getValue());
        }
    }

    private static Map<String, Object> readMap(DataInputStream in) throws IOException {
        int size = in.readInt();
        var map = new LinkedHashMap<String, Object>();
        for (int i = 0; i < size; i++) {
            map.put(in.readUTF(), readValue(in));
        }
        return map;
    }

    private static void writeValue(DataOutputStream out, @Nullable Object value) throws IOException {
        switch (value) {
            case String text -> {
                out.writeByte('S');
                out.writeInt(text.getBytes(java.nio.charset.StandardCharsets.UTF_8).length);
                out.write(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
            }
            case Long number -> {
                out.writeByte('l');
                out.writeLong(number);
            }
            case Double number -> {
                out.writeByte('d');
                out.writeDouble(number);
            }
            case Boolean flag -> {
                out.writeByte('t');
                out.writeBoolean(flag);
            }
            case byte[] bytes -> {
                out.writeByte('x');
                out.writeInt(bytes.length);
                out.write(bytes);
            }
            case BigDecimal decimal -> {
                out.writeByte('D');
                byte[] unscaled = decimal.unscaledValue().toByteArray();
                out.writeInt(decimal.scale());
                out.writeInt(unscaled.length);
                out.write(unscaled);
            }
            case Instant time -> {
                out.writeByte('T');
                out.writeLong(time.toEpochMilli());
            }
            case List<?> list -> {
                out.writeByte('A');
                out.writeInt(list.size());
                for (Object element : list) {
                    writeValue(out, element);
                }
            }
            case Map<?, ?> map -> {
                out.writeByte('F');
                writeMap(out, map);
            }
            case null, default -> {
                if (value != null && !Binding.PRESENT.equals(value)) {
                    throw new IllegalArgumentException(
                            "an argument of type " + value.getClass().getName()
                                    + " cannot be stored; use a string, a number, a boolean, bytes, a time, a list or a map");
                }
                out.writeByte('V');
            }
        }
    }

    private static Object readValue(DataInputStream in) throws IOException {
        byte type = in.readByte();
        return switch (type) {
            case 'S' -> new String(in.readNBytes(in.readInt()), java.nio.charset.StandardCharsets.UTF_8);
            case 'l' -> in.readLong();
            case 'd' -> in.readDouble();
            case 't' -> in.readBoolean();
            case 'x' -> in.readNBytes(in.readInt());
            case 'D' -> {
                int scale = in.readInt();
                yield new BigDecimal(new BigInteger(in.readNBytes(in.readInt())), scale);
            }
            case 'T' -> Instant.ofEpochMilli(in.readLong());
            case 'A' -> {
                int size = in.readInt();
                var list = new ArrayList<Object>();
                for (int i = 0; i < size; i++) {
                    list.add(readValue(in));
                }
                yield list;
            }
            case 'F' -> readMap(in);
            case 'V' -> Binding.PRESENT;
            default -> throw new IOException("unknown type '" + (char) type + "' of an argument");
        };
    }

    private interface Writer {
        void write(DataOutputStream out) throws IOException;
    }

    private interface Reader<T> {
        T read(byte version, DataInputStream in) throws IOException;
    }

    private static byte[] encode(byte version, Writer writer) {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeByte(version);
            writer.write(out);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return bytes.toByteArray();
    }

    private static <T> T decode(byte[] stored, byte newestVersion, Reader<T> reader) {
        try (var in = new DataInputStream(new ByteArrayInputStream(stored))) {
            byte version = in.readByte();
            if (version < 1 || version > newestVersion) {
                throw new IOException("it has format version " + version + ", and this release reads 1 to "
                        + newestVersion + ": it was written by a newer release, or is damaged");
            }
            return reader.read(version, in);
        } catch (IOException damaged) {
            throw new UncheckedIOException("an entry of the metadata store cannot be read", damaged);
        }
    }
}
