import Access

/// The credential in an `Authorization` header, parsed but not verified.
enum Credential {
    /// `Bearer khata_…`
    case key(APIKey)
    /// `Bearer` with anything else (RFC 6750): a JWT, or invalid.
    case token(Substring)
    /// `Basic` (RFC 7617), in UTF-8.
    case password(UserName, Password)

    /// - Returns: `nil` if it cannot be a credential.
    init?(_ header: AuthorizationHeader) {
        let value = header.value
        switch header.scheme {
        case .bearer:
            if !value.hasPrefix("khata_") {
                self = .token(value)
            } else if let key = APIKey(value) {
                self = .key(key)
            } else {
                return nil
            }
        case .basic:
            guard let bytes = Base64.decode(value.utf8, .padded), let pair = String(validating: bytes, as: UTF8.self),
                let colon = pair.utf8.firstIndex(of: UInt8(ascii: ":")), let name = UserName(String(pair[..<colon])),
                let password = Password(presented: String(Substring(pair.utf8[colon...].dropFirst())))
            else { return nil }
            self = .password(name, password)
        }
    }
}
