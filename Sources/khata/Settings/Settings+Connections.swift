import InventoryHTTP

extension ConnectionLimits {
    /// - Throws: `SettingsError`.
    init(_ source: SettingsSource) throws(SettingsError) {
        self.init()
        total = try source.integer(.connections, in: 1...1_000_000) ?? total
        perAddress = try source.integer(.connectionsPerAddress, in: 1...1_000_000) ?? perAddress
        requests = try source.integer(.requestsPerConnection, in: 1...1_000_000_000) ?? requests
        idle = try source.seconds(.idleSeconds) ?? idle
        handshake = try source.seconds(.handshakeSeconds) ?? handshake
        head = try source.seconds(.headSeconds) ?? head
        body = try source.seconds(.bodySeconds) ?? body
        answer = try source.seconds(.answerSeconds) ?? answer
        bytesPerSecond = try source.integer(.bytesPerSecond, in: 1...1_000_000) ?? bytesPerSecond
    }
}

extension SettingsSource {
    fileprivate func seconds(_ key: SettingKey) throws(SettingsError) -> Duration? {
        try integer(key, in: 1...3_600).map { .seconds($0) }
    }
}

extension Settings {
    static func certificate(_ source: SettingsSource) throws(SettingsError) -> CertificateFiles? {
        switch (try source.text(.certificateFile), try source.text(.keyFile)) {
        case (nil, nil): return nil
        case (let certificate?, let key?): return CertificateFiles(certificate: certificate, key: key)
        case (_?, nil): throw SettingsError("tls.certificate_file is set: tls.key_file has to be, too")
        case (nil, _?): throw SettingsError("tls.key_file is set: tls.certificate_file has to be, too")
        }
    }

    static func cors(_ source: SettingsSource) throws(SettingsError) -> CORSPolicy? {
        guard let origins = try source.text(.corsOrigins) else { return nil }
        do {
            return try CORSPolicy(origins)
        } catch {
            throw SettingsError("cors.origins: \(error)")
        }
    }

    /// The certificate to serve with, if there is one.
    func serverCertificate() throws(SettingsError) -> ServerCertificate? {
        guard let certificate else { return nil }
        do {
            return try ServerCertificate(certificate)
        } catch {
            throw SettingsError("TLS: \(error)")
        }
    }
}
