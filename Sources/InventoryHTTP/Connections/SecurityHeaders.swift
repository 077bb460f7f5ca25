import HTTPTypes

/// What every answer says to browsers: that it is data, to be neither run, framed, guessed at nor told of.
enum SecurityHeaders {
    /// - Parameter isEncrypted: whether the answers go through TLS; then browsers are to insist on it, for a year.
    static func fields(isEncrypted: Bool) -> [HTTPField] {
        var fields = [
            HTTPField(name: .xContentTypeOptions, value: "nosniff"),
            HTTPField(name: .contentSecurityPolicy, value: "default-src 'none'; frame-ancestors 'none'"),
            HTTPField(name: .referrerPolicy, value: "no-referrer"),
        ]
        if isEncrypted { fields.append(HTTPField(name: .strictTransportSecurity, value: "max-age=31536000")) }
        return fields
    }
}

extension HTTPField.Name {
    fileprivate static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
}
