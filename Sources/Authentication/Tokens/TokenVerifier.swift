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

/// Why a token is not accepted. For logs and tests: clients are told only that it is not.
enum TokenDefect: Error, Equatable {
    case tooLong
    /// Not three parts of base64url with a JSON object each in the first two, every name in it once.
    case malformed
    /// A header parameter that is wrong, or that asks for what is not done here.
    case header(_ parameter: String)
    case unknownKey
    /// `alg` is not what the key is for.
    case otherAlgorithm
    case wrongSignature
    /// A claim that is missing, or not what it has to be.
    case claim(_ name: String)
}
