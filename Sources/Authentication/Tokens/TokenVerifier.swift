import Access
import Inventory

/// Accepts JWTs that are signed by a known key and have the required claims.
public final class TokenVerifier: Sendable {
    private let policy: TokenPolicy
    let keys: TokenKeySet

    /// - Parameter keys: The caller must run it.
    public init(policy: TokenPolicy, keys: TokenKeySet) {
        self.policy = policy
        self.keys = keys
    }

    /// The token's principal, and when the token expires.
    func verify(
        _ text: Substring, at now: Timestamp
    ) throws(TokenDefect) -> (principal: Principal, expiresAt: Timestamp) {
        let token = try SignedToken(text)
        guard let key = keys[token.keyID] else { throw .unknownKey }
        guard token.algorithm == key.algorithm else { throw .otherAlgorithm }
        guard key.verifies(token) else { throw .wrongSignature }
        let claims = try TokenClaims(token.payload, policy, at: now)
        return (Principal(id: "token:\(claims.subject)", claims.grant), claims.expiresAt)
    }
}

/// Why a token is not accepted. For logs and tests; clients do not learn the reason.
enum TokenDefect: Error, Equatable {
    case tooLong
    /// Not three parts of base64url, or the first two are not JSON objects with unique names.
    case malformed
    /// A header parameter is invalid, or not supported.
    case header(_ parameter: String)
    case unknownKey
    /// `alg` is not the key's algorithm.
    case otherAlgorithm
    case wrongSignature
    /// A claim is missing or invalid.
    case claim(_ name: String)
}
