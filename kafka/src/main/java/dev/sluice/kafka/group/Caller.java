package dev.sluice.kafka.group;

import java.net.InetAddress;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.apache.kafka.common.security.auth.SecurityProtocol;
import org.apache.kafka.server.authorizer.AuthorizableRequestContext;

/**
 * Who asks the coordinator. Immutable.
 *
 * @param key of the kind of request
 * @param version of the request
 */
public record Caller(short key, short version, String clientId, InetAddress clientAddress)
        implements AuthorizableRequestContext {
    @Override
    public int requestType() {
        return key;
    }

    @Override
    public int requestVersion() {
        return version;
    }

    @Override
    public String listenerName() {
        return "kafka";
    }

    @Override
    public SecurityProtocol securityProtocol() {
        return SecurityProtocol.PLAINTEXT;
    }

    @Override
    public KafkaPrincipal principal() {
        return KafkaPrincipal.ANONYMOUS;
    }

    @Override
    public int correlationId() {
        return 0;
    }
}
