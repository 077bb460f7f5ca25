internal import NIOCore
internal import NIOSSL

extension AMQPConfiguration {
    func makeTLSContext() throws(InvalidAMQPConfiguration) -> NIOSSLContext? {
        guard usesTLS else { return nil }
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.certificateVerification = .fullVerification
        tls.minimumTLSVersion = .tlsv12
        if case .file(let path) = trustRoots { tls.trustRoots = .file(path) }
        do {
            return try NIOSSLContext(configuration: tls)
        } catch {
            throw InvalidAMQPConfiguration(description: "the trust roots for RabbitMQ cannot be used: \(error)")
        }
    }

    /// The name that the certificate must have. For an IP address it is nil: TLS has no such names, and NIOSSL then
    /// compares the certificate with the address of the connection.
    var serverName: String? {
        (try? SocketAddress(ipAddress: host, port: 0)) == nil ? host : nil
    }
}
