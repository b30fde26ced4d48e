package dev.sluice.examples;

import com.rabbitmq.client.ConnectionFactory;

/** Connections to the broker that the command line names: {@code [--host ADDRESS] [--port N]}. Not instantiable. */
final class Clients {
    private Clients() {}

    static ConnectionFactory factory(String[] arguments) {
        ConnectionFactory factory = new ConnectionFactory();
        factory.setHost("127.0.0.1");
        for (int i = 0; i < arguments.length; i += 2) {
            if (i + 1 == arguments.length) {
                throw new IllegalArgumentException(arguments[i] + " needs a value");
            }
            switch (arguments[i]) {
                case "--host" -> factory.setHost(arguments[i + 1]);
                case "--port" -> factory.setPort(Integer.parseInt(arguments[i + 1]));
                default ->
                    throw new IllegalArgumentException(
                            "unknown option " + arguments[i] + ", there are --host ADDRESS and --port N");
            }
        }
        return factory;
    }
}
