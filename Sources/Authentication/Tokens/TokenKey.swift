import Crypto
import Inventory
import JWTKit

/// The signatures that are verified here, by the names of RFC 7518 and RFC 8037.
enum TokenAlgorithm: String, Sendable {
    case hs256 = "HS256"
    case es256 = "ES256"
    case rs256 = "RS256"
    case eddsa = "EdDSA"
}

/// A key, for one algorithm and no other (RFC 8725, section 3.1).
struct TokenKey: Sendable {
    let algorithm: TokenAlgorithm
    private let signer: any JWTAlgorithm

    /// JWTKit finds keys by an id that it reads from the token itself, falls back to a default key, and does not compare
    /// algorithms: so each key has a collection of its own, from which only the arithmetic is taken.
    private init(_ algorithm: TokenAlgorithm, adding: (JWTKeyCollection) async -> Void) async throws {
        let collection = JWTKeyCollection()
        await adding(collection)
        self.algorithm = algorithm
        signer = try await collection.getKey()
    }

    func verifies(_ token: SignedToken) -> Bool {
        // What cannot be a signature at all makes JWTKit throw.
        (try? signer.verify(token.signature, signs: token.signingInput)) == true
    }
}

extension TokenKey {
    /// As long as its hash at least (RFC 7518, section 3.2).
    static let leastSecretBytes = 32

    /// - Throws: what makes it no key.
    static func hs256(_ secret: [UInt8]) async throws -> TokenKey {
        guard secret.count >= leastSecretBytes else {
            throw TokenKeysError("a secret for HS256 has \(leastSecretBytes) bytes at least")
        }
        return try await TokenKey(.hs256) { await $0.add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256) }
    }

    /// - Parameters: the base64url of the modulus and of the exponent.
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
