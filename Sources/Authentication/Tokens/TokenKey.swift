import Crypto
import Inventory
import JWTKit

/// The supported signature algorithms, with their names in RFC 7518 and RFC 8037.
enum TokenAlgorithm: String, Sendable {
    case hs256 = "HS256"
    case es256 = "ES256"
    case rs256 = "RS256"
    case eddsa = "EdDSA"
}

/// A key for exactly one algorithm (RFC 8725, section 3.1).
struct TokenKey: Sendable {
    let algorithm: TokenAlgorithm
    private let signer: any JWTAlgorithm

    /// JWTKit finds keys by an id that it reads from the token itself, falls back to a default key, and does not
    /// compare algorithms. So each key has its own collection, which is only used for the signature.
    private init(_ algorithm: TokenAlgorithm, adding: (JWTKeyCollection) async -> Void) async throws {
        let collection = JWTKeyCollection()
        await adding(collection)
        self.algorithm = algorithm
        signer = try await collection.getKey()
    }

    func verifies(_ token: SignedToken) -> Bool {
        // JWTKit throws if this cannot be a signature at all.
        (try? signer.verify(token.signature, signs: token.signingInput)) == true
    }
}

extension TokenKey {
    /// At least as long as its hash (RFC 7518, section 3.2).
    static let leastSecretBytes = 32

    /// - Throws: Why it is not a valid key.
    static func hs256(_ secret: [UInt8]) async throws -> TokenKey {
        guard secret.count >= leastSecretBytes else {
            throw TokenKeysError("a secret for HS256 needs at least \(leastSecretBytes) bytes")
        }
        return try await TokenKey(.hs256) { await $0.add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256) }
    }

    /// - Parameters: The base64url of the modulus and the exponent.
    static func rs256(modulus: String, exponent: String) async throws -> TokenKey {
        let key = try Insecure.RSA.PublicKey(modulus: modulus, exponent: exponent)
        return try await TokenKey(.rs256) { await $0.add(rsa: key, digestAlgorithm: .sha256) }
    }

    static func es256(x: String, y: String) async throws -> TokenKey {
        let key = try ES256PublicKey(parameters: (x, y))
        return try await TokenKey(.es256) { await $0.add(ecdsa: key) }
    }

    static func eddsa(x: String) async throws -> TokenKey {
        let key = try EdDSA.PublicKey(x: x, curve: .ed25519)
        return try await TokenKey(.eddsa) { await $0.add(eddsa: key) }
    }
}
