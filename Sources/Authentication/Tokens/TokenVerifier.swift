import Access
import Inventory
import Synchronization

/// Accepts JWTs that are signed by a known key and say what they have to.
public final class TokenVerifier: Sendable {
    private let policy: TokenPolicy
    private let keys: Mutex<TokenKeys>

    public init(policy: TokenPolicy, keys: TokenKeys) {
        self.policy = policy
        self.keys = Mutex(keys)
    }

    func replaceKeys(_ keys: TokenKeys) {
        self.keys.withLock { $0 = keys }
    }

    /// Who presents the token, and until when they may.
    func verify(
        _ text: Substring, at now: Timestamp
    ) throws(TokenDefect) -> (principal: Principal, expiresAt: Timestamp) {
        let token = try SignedToken(text)
        guard let key = keys.withLock({ $0[token.keyID] }) else { throw .unknownKey }
        guard token.algorithm == key.algorithm else { throw .otherAlgorithm }
        guard key.verifies(token) else { throw .wrongSignature }
        let claims = try TokenClaims(token.payload, policy, at: now)
        return (Principal(id: "token:\(claims.subject)", claims.grant), claims.expiresAt)
    }
}
