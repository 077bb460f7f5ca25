internal import NIOCore
internal import NIOSSL

extension RedisConfiguration {
    func makeTLSContext() throws(InvalidRedisConfiguration) -> NIOSSLContext? {
        guard usesTLS else { return nil }
        if case .server(.unixSocket) = topology {
            throw InvalidRedisConfiguration(description: "Redis is not spoken to with TLS through a unix socket")
        }
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.certificateVerification = .fullVerification
        tls.minimumTLSVersion = .tlsv12
        if case .file(let path) = trustRoots { tls.trustRoots = .file(path) }
        do {
            return try NIOSSLContext(configuration: tls)
        } catch {
            throw InvalidRedisConfiguration(description: "the trust roots for Redis cannot be used: \(error)")
        }
    }
}

extension RedisAddress {
    /// The name that the certificate must have. For an IP address it is nil: TLS has no such names, and NIOSSL then
    /// compares the certificate with the address of the connection.
    var serverName: String? {
        guard case .host(let host, _) = self, (try? SocketAddress(ipAddress: host, port: 0)) == nil else { return nil }
        return host
    }
}
