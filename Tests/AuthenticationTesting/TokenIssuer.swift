public import Authentication
import Crypto
import CryptoExtras
import Foundation
import Logging

/// Signs tokens, good ones and others: with Swift Crypto and by hand, so that what verifies them is not tested with
/// itself.
public struct TokenIssuer: Sendable {
    /// Making an RSA key takes a while, so all tests share one.
    public static let shared = try! TokenIssuer()

    public static let algorithms = ["HS256", "RS256", "ES256", "EdDSA"]
    public static let secret = "a secret of the tests, 32 bytes or more"

    public let policy = TokenPolicy(
        issuer: "https://issuer.example", audience: "khata", leeway: .seconds(30), lifetime: .seconds(3_600))
    let rsa: _RSA.Signing.PrivateKey
    private let p256 = P256.Signing.PrivateKey()
    private let ed25519 = Curve25519.Signing.PrivateKey()

    private init() throws {
        rsa = try _RSA.Signing.PrivateKey(keySize: .bits2048)
    }

    /// A token that is accepted at `now`, unless something about it is changed.
    /// - Parameters:
    ///   - algorithm: Names the way of signing, and the key by its kid.
    ///   - header: JSON values instead of, or besides, those of a good header; `nil` leaves one out.
    ///   - claims: JSON values instead of, or besides, those of good claims; `nil` leaves one out.
    public func token(
        _ algorithm: String = "HS256", at now: Int64, header: [String: String?] = [:], claims: [String: String?] = [:]
    ) throws -> String {
        let goodHeader: [String: String?] = ["alg": quoted(algorithm), "kid": quoted(algorithm), "typ": quoted("JWT")]
        return try sign(
            json(goodHeader.merging(header) { $1 }),
            json(
                [
                    "iss": quoted(policy.issuer), "aud": quoted(policy.audience), "sub": quoted("till-3"),
                    "role": quoted("clerk"), "exp": "\(now + 600)", "iat": "\(now)",
                ].merging(claims) { $1 }),
            algorithm)
    }

    func sign(_ header: String, _ claims: String, _ algorithm: String) throws -> String {
        let input = "\(base64url(Data(header.utf8))).\(base64url(Data(claims.utf8)))"
        return "\(input).\(base64url(try signature(Data(input.utf8), algorithm)))"
    }

    private func signature(_ input: Data, _ algorithm: String) throws -> Data {
        switch algorithm {
        case "HS256": hmac(input, key: Data(Self.secret.utf8))
        case "RS256": try rsa.signature(for: SHA256.hash(data: input), padding: .insecurePKCS1v1_5).rawRepresentation
        case "ES256": try p256.signature(for: input).rawRepresentation
        case "EdDSA": try ed25519.signature(for: input)
        default: Data()
        }
    }

    /// The public keys, as a JWK Set. The secret of HS256 is not among them.
    public func jwks() throws -> String { try "{\"keys\": [\(publicKeys().joined(separator: ", "))]}" }

    func publicKeys() throws -> [String] {
        let primitives = try rsa.publicKey.getKeyPrimitives()
        let point = p256.publicKey.rawRepresentation
        return [
            """
            {"kty": "RSA", "kid": "RS256", "alg": "RS256", "use": "sig", \
            "n": "\(base64url(primitives.modulus))", "e": "\(base64url(primitives.publicExponent))"}
            """,
            """
            {"kty": "EC", "crv": "P-256", "kid": "ES256", \
            "x": "\(base64url(point.prefix(32)))", "y": "\(base64url(point.suffix(32)))"}
            """,
            """
            {"kty": "OKP", "crv": "Ed25519", "kid": "EdDSA", "x": "\(base64url(ed25519.publicKey.rawRepresentation))"}
            """,
        ]
    }

    /// What accepts this issuer's tokens.
    public func verifier() async throws -> TokenVerifier {
        var keys = TokenKeys()
        try await keys.add(hs256Secret: Self.secret, as: "HS256")
        try await keys.add(jwks: Array(try jwks().utf8))
        return verifier(TokenKeySet(fixed: keys, source: nil, patience: .zero, logger: Logger(label: "test")))
    }

    public func verifier(_ keys: TokenKeySet) -> TokenVerifier { TokenVerifier(policy: policy, keys: keys) }
}

func hmac(_ input: Data, key: Data) -> Data {
    Data(HMAC<SHA256>.authenticationCode(for: input, using: SymmetricKey(data: key)))
}

func base64url(_ data: some Sequence<UInt8>) -> String {
    Data(data).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
}

func quoted(_ text: String) -> String { "\"\(text)\"" }

func json(_ members: [String: String?]) -> String {
    "{"
        + members.sorted { $0.key < $1.key }.compactMap { name, value in value.map { "\(quoted(name)):\($0)" } }
        .joined(separator: ",") + "}"
}
