import Access
import Inventory
import JSON

/// The required claims of a token.
public struct TokenPolicy: Sendable {
    public let issuer: String
    public let audience: String
    /// The tolerated difference to the issuer's clock.
    public let leeway: Duration
    /// The maximum time from `iat`, or from now without it, to `exp`.
    public let lifetime: Duration

    public init(issuer: String, audience: String, leeway: Duration, lifetime: Duration) {
        self.issuer = issuer
        self.audience = audience
        self.leeway = leeway
        self.lifetime = lifetime
    }
}

/// The claims of a token whose signature is verified (RFC 7519, section 4.1, and our own).
struct TokenClaims {
    let grant: Grant
    let subject: String
    let expiresAt: Timestamp

    init(_ payload: [UInt8], _ policy: TokenPolicy, at now: Timestamp) throws(TokenDefect) {
        guard let claims = UniqueMembers(payload) else { throw .malformed }
        guard claims["iss"] == .text(policy.issuer) else { throw .claim("iss") }
        guard Self.audiences(claims["aud"])?.contains(policy.audience) == true else { throw .claim("aud") }

        let leeway = policy.leeway.microseconds
        guard let expiry = claims["exp"].flatMap(Timestamp.init(numericDate:)),
            now.microseconds < expiry.microseconds + leeway
        else { throw .claim("exp") }
        var begins: [String: Timestamp] = [:]
        for name in ["nbf", "iat"] {
            guard let value = claims[name] else { continue }
            guard let begin = Timestamp(numericDate: value), begin.microseconds - leeway <= now.microseconds else {
                throw .claim(name)
            }
            begins[name] = begin
        }
        guard expiry.microseconds - (begins["iat"] ?? now).microseconds <= policy.lifetime.microseconds else {
            throw .claim("exp")
        }
        guard case .text(let subject) = claims["sub"], (1...200).contains(subject.utf8.count),
            subject.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw .claim("sub") }
        guard case .text(let name) = claims["role"], let role = Role(rawValue: name) else { throw .claim("role") }
        guard let scope = Self.scope(claims["stores"]) else { throw .claim("stores") }
        self.subject = subject
        grant = Grant(role: role, scope: scope)
        expiresAt = expiry
    }

    private static func audiences(_ claim: JSONValue?) -> [String]? {
        switch claim {
        case .text(let audience): return [audience]
        case .array(let elements):
            let audiences = elements.compactMap { if case .text(let text) = $0 { text } else { nil } }
            return audiences.count == elements.count ? audiences : nil
        default: return nil
        }
    }

    /// The stores that a token is limited to: all without the claim, none if it is empty.
    private static func scope(_ claim: JSONValue?) -> StoreScope? {
        switch claim {
        case nil, .null: return .all
        case .array(let elements):
            let ids = elements.compactMap { if case .integer(let id) = $0 { id } else { nil } }
            return ids.count == elements.count ? StoreScope(atMost: ids) : nil
        default: return nil
        }
    }
}

extension Timestamp {
    /// RFC 7519's NumericDate, in whole seconds, clamped to the maximum timestamp.
    fileprivate init?(numericDate value: JSONValue) {
        guard case .integer(let seconds) = value else { return nil }
        let range = (Self.earliest.microseconds / 1_000_000)...(Self.latest.microseconds / 1_000_000)
        self.init(microseconds: min(max(seconds, range.lowerBound), range.upperBound) * 1_000_000)
    }
}

extension Duration {
    fileprivate var microseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }
}
