import HTTPTypes

/// What every answer says to browsers: that it is data, to be neither run, framed nor guessed at.
enum SecurityHeaders {
    /// - Parameter isEncrypted: whether the answers go through TLS; then browsers are to insist on it, for a year.
    static func fields(isEncrypted: Bool) -> [HTTPField] {
        var fields = [
            HTTPField(name: .xContentTypeOptions, value: "nosniff"),
            HTTPField(name: .contentSecurityPolicy, value: "default-src 'none'; frame-ancestors 'none'"),
        ]
        if isEncrypted { fields.append(HTTPField(name: .strictTransportSecurity, value: "max-age=31536000")) }
        return fields
    }
}
