import HTTPTypes

/// The headers that tell browsers in every response that it is data: not to be executed, framed or sniffed.
enum SecurityHeaders {
    /// - Parameter isEncrypted: Whether the server speaks TLS; then browsers must insist on it, for a year.
    static func fields(isEncrypted: Bool) -> [HTTPField] {
        var fields = [
            HTTPField(name: .xContentTypeOptions, value: "nosniff"),
            HTTPField(name: .contentSecurityPolicy, value: "default-src 'none'; frame-ancestors 'none'"),
        ]
        if isEncrypted { fields.append(HTTPField(name: .strictTransportSecurity, value: "max-age=31536000")) }
        return fields
    }
}
