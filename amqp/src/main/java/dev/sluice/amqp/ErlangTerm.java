package dev.sluice.amqp;

import io.netty.buffer.ByteBuf;

/** Writes bytes as Erlang does, since people compare our error texts with RabbitMQ's. Stateless. */
final class ErlangTerm {
    private static final int SNIPPET_BYTES = 16;

    private ErlangTerm() {}

    /** {@code all octets = <<"text">>} or {@code first 16 octets = <<1,2,3>>}. */
    static String snippet(ByteBuf in, int index, int length) {
        String extent = length <= SNIPPET_BYTES ? "all" : "first 16";
        return extent + " octets = " + binary(in, index, Math.min(length, SNIPPET_BYTES));
    }

    private static String binary(ByteBuf in, int index, int length) {
        StringBuilder text = new StringBuilder();
        StringBuilder numbers = new StringBuilder();
        boolean printable = length > 0;
        for (int i = 0; i < length; i++) {
            int octet = in.getUnsignedByte(index + i);
            printable &= octet >= ' ' && octet < 0x7F;
            text.append((char) octet);
            numbers.append(i == 0 ? "" : ",").append(octet);
        }
        return printable ? "<<\"" + text + "\">>" : "<<" + numbers + ">>";
    }
}
