import InventoryHTTP

extension Settings {
    private static let seconds = 1...3_600

    @SettingsBuilder
    static var connections: [Setting] {
        Setting(
            "connections.total", \.limits.connections.total, in: 1...1_000_000,
            """
            The maximum concurrent connections, in total and from one address (for IPv6, from one /64 network). More are
            closed at once. Behind a load balancer all come from its few addresses: set both to the same. `serve` raises the
            limit of open files as far as allowed, and warns if that is too low.
            """)
        Setting("connections.per_address", \.limits.connections.perAddress, in: 1...1_000_000)
        Setting(
            "connections.requests", \.limits.connections.requests, in: 1...1_000_000_000,
            "The maximum requests on one connection; the last response says `Connection: close`.")
        Setting(
            "connections.idle_seconds", \.limits.connections.idle, in: seconds,
            "How long a connection may stay open without a request.")
        Setting(
            "connections.handshake_seconds", \.limits.connections.handshake, in: seconds,
            "How long a TLS handshake may take.")
        Setting(
            "connections.head_seconds", \.limits.connections.head, in: seconds,
            "How long the head of a request may take: from its first byte, or from the beginning of the connection.")
        Setting(
            "connections.body_seconds", \.limits.connections.body, in: seconds,
            """
            How long a client may take to send a body, and to receive a response (or a part of a CSV). A client that is at
            least as fast as below may take longer; one that falls behind by this time is disconnected.
            """)
        Setting("connections.answer_seconds", \.limits.connections.response, in: seconds)
        Setting("connections.bytes_per_second", \.limits.connections.bytesPerSecond, in: 1...1_000_000)
        Setting(
            "connections.drain_delay_seconds", \.limits.connections.drainDelay, in: 0...3_600,
            """
            How long connections are still accepted after SIGTERM, while /readyz fails already: time for a load balancer to
            send new requests elsewhere. Not needed where the service manager holds the sockets.
            """)
        Setting(
            "connections.drain_seconds", \.limits.connections.drain, in: seconds,
            """
            How long accepted requests may take after that. Then the remaining connections are cut off, and five seconds later
            the process exits in any case. The exit status is 1 if anything was cut off.
            """)
    }

    @SettingsBuilder
    static var tls: [Setting] {
        Setting(
            "tls.certificate_file", \.certificateFile, example: "/etc/khata/fullchain.pem",
            """
            The API's certificate and its key, in PEM; intermediate certificates may follow it in the file. With them the
            API accepts only TLS (1.2 and 1.3). They are reloaded on SIGHUP and every few seconds: new connections get the
            new certificate. Files that cannot be used are logged as an error, and the old certificate stays.
            """)
        Setting("tls.key_file", \.certificateKeyFile, example: "/etc/khata/privkey.pem")
        Setting(
            "cors.origins", \.corsOrigins, example: "https://shop.example",
            """
            The web origins whose pages may use the API through browsers, separated by commas (https://shop.example), or "*"
            for all. Without any, browsers refuse that to all pages.
            """)
    }

    var certificate: CertificateFiles? {
        get throws(SettingsError) {
            switch (certificateFile, certificateKeyFile) {
            case (nil, nil): return nil
            case (let certificate?, let key?): return CertificateFiles(certificate: certificate, key: key)
            case (_?, nil): throw SettingsError("tls.certificate_file is set: tls.key_file has to be, too")
            case (nil, _?): throw SettingsError("tls.key_file is set: tls.certificate_file has to be, too")
            }
        }
    }

    /// The TLS certificate, if configured.
    func serverCertificate() throws(SettingsError) -> ServerCertificate? {
        guard let certificate = try certificate else { return nil }
        do {
            return try ServerCertificate(certificate)
        } catch {
            throw SettingsError("TLS: \(error)")
        }
    }

    var cors: CORSPolicy? {
        get throws(SettingsError) {
            guard let corsOrigins else { return nil }
            do {
                return try CORSPolicy(corsOrigins)
            } catch {
                throw SettingsError("cors.origins: \(error)")
            }
        }
    }
}
