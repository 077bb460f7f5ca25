import Access
import Inventory
import JSON

/// Why keys cannot be used. Names the key, but never its contents.
public struct TokenKeysError: Error, Equatable, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
}

/// The keys for verifying tokens, by their ids.
public struct TokenKeys: Sendable {
    private var keys: [String: TokenKey] = [:]

    public init() {}

    subscript(id: String) -> TokenKey? { keys[id] }

    var count: Int { keys.count }

    /// - Throws: `TokenKeysError` if another key has the id.
    mutating func add(_ key: TokenKey, as id: String) throws {
        guard keys.updateValue(key, forKey: id) == nil else {
            throw TokenKeysError("two keys have the kid \(id)")
        }
    }

    /// Adds a secret for HS256.
    /// - Throws: `TokenKeysError` if it is shorter than 32 bytes.
    public mutating func add(hs256Secret secret: String, as id: String) async throws {
        try add(try await .hs256(Array(secret.utf8)), as: id)
    }

    /// Adds the supported keys of a JWK Set (RFC 7517): for HS256, ES256, RS256 or EdDSA. As section 5 requires, keys
    /// of other kinds and for other uses are ignored. If any other key is invalid, all are refused.
    /// - Parameter ignoringSecrets: Whether keys for HS256 are ignored, which anybody who reads a public set could sign
    ///   with.
    /// - Throws: `TokenKeysError`.
    public mutating func add(jwks bytes: [UInt8], ignoringSecrets: Bool = false) async throws {
        guard let set = UniqueMembers(bytes), case .array(let elements) = set["keys"] else {
            throw TokenKeysError("it is not a JWK Set: a JSON object with an array of keys")
        }
        for (index, element) in elements.enumerated() {
            guard let members = UniqueMembers(element) else { throw TokenKeysError("key \(index) is no JSON object") }
            let parameters = KeyParameters(index: index, members: members)
            guard try parameters.isOfUse, !ignoringSecrets || !parameters.isSecret else { continue }
            try add(try await parameters.key(), as: try parameters.text("kid"))
        }
    }
}

/// The parameters of one JWK (RFC 7517, section 4, and RFC 7518, section 6).
private struct KeyParameters {
    let index: Int
    let members: UniqueMembers

    /// The algorithm for keys of a type; their `alg`, if present, must be the same.
    private var algorithm: TokenAlgorithm? {
        switch (members["kty"], members["crv"]) {
        case (.text("EC"), .text("P-256")): .es256
        case (.text("OKP"), .text("Ed25519")): .eddsa
        case (.text("RSA"), _): .rs256
        case (.text("oct"), _): .hs256
        default: nil
        }
    }

    var isSecret: Bool { algorithm == .hs256 }

    var isOfUse: Bool {
        get throws {
            guard let algorithm else { return false }
            if members["use"] != nil, try text("use") != "sig" { return false }
            if members["alg"] != nil, try text("alg") != algorithm.rawValue { return false }
            return true
        }
    }

    func key() async throws -> TokenKey {
        // Only the issuer should have the private part of a key pair.
        if algorithm != .hs256, members["d"] != nil { throw defect("is private: only its public part belongs here") }
        do {
            switch algorithm {
            case .hs256: return try await .hs256(try bytes("k"))
            case .rs256:
                try checkModulus()
                return try await .rs256(modulus: try text("n"), exponent: try text("e"))
            case .es256:
                guard try bytes("x").count == 32, try bytes("y").count == 32 else { throw defect("is no point") }
                return try await .es256(x: try text("x"), y: try text("y"))
            case .eddsa:
                guard try bytes("x").count == 32 else { throw defect("is no point") }
                return try await .eddsa(x: try text("x"))
            case nil: throw defect("is of no use")
            }
        } catch let error as TokenKeysError {
            throw error
        } catch {
            throw defect("is no key of its type")
        }
    }

    /// RFC 7518, section 3.3, requires 2048 bits; beyond 8192, verifying takes too long.
    private func checkModulus() throws {
        let modulus = try bytes("n").drop { $0 == 0 }
        let bits = 8 * modulus.count - (modulus.first?.leadingZeroBitCount ?? 0)
        guard (2_048...8_192).contains(bits) else { throw defect("has \(bits) bits, not 2048 to 8192") }
        guard (1...8).contains(try bytes("e").count) else { throw defect("has an invalid exponent") }
    }

    func text(_ name: String) throws -> String {
        guard case .text(let text) = members[name], !text.isEmpty else { throw defect("has no \(name)") }
        return text
    }

    private func bytes(_ name: String) throws -> [UInt8] {
        guard let bytes = Base64.decode(try text(name)[...].utf8, .url) else {
            throw defect("has a \(name) that is not base64url")
        }
        return bytes
    }

    private func defect(_ words: String) -> TokenKeysError {
        guard case .text(let id) = members["kid"] else { return TokenKeysError("key \(index) \(words)") }
        return TokenKeysError("key \(index), \(id), \(words)")
    }
}
