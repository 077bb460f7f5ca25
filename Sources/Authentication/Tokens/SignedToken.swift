import Access
import Inventory
import JSON

/// A JWT in its compact form (RFC 7515, section 7.1), strictly parsed before any of it is trusted.
struct SignedToken {
    static let maximumBytes = 8_192
    private static let maximumParameterBytes = 256

    let keyID: String
    let algorithm: TokenAlgorithm
    let payload: [UInt8]
    let signature: [UInt8]
    /// The signed part.
    let signingInput: [UInt8]

    /// The source of the header's rules: RFC 8725 (JSON Web Token Best Current Practices), sections 3.1, 3.10 and 3.11.
    init(_ token: Substring) throws(TokenDefect) {
        guard token.utf8.count <= Self.maximumBytes else { throw .tooLong }
        let parts = token.utf8.split(
            separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Base64.decode(parts[0], .url), let header = UniqueMembers(header),
            let payload = Base64.decode(parts[1], .url), let signature = Base64.decode(parts[2], .url)
        else { throw .malformed }
        // A key in the token, or at a URL in it, may be a forger's; extensions in `crit` are not supported.
        for parameter in ["crit", "jku", "jwk", "x5u", "x5c"] where header[parameter] != nil {
            throw .header(parameter)
        }
        if let type = header["typ"] {
            guard case .text(let type) = type, type.utf8.count <= Self.maximumParameterBytes,
                Self.types.contains(type.lowercased())
            else { throw .header("typ") }
        }
        guard case .text(let keyID) = header["kid"], keyID.utf8.count <= Self.maximumParameterBytes else {
            throw .header("kid")
        }
        guard case .text(let name) = header["alg"], name.utf8.count <= Self.maximumParameterBytes,
            let algorithm = TokenAlgorithm(rawValue: name)
        else { throw .header("alg") }
        self.keyID = keyID
        self.algorithm = algorithm
        self.payload = payload
        self.signature = signature
        signingInput = Array(token.utf8[..<parts[1].endIndex])
    }

    /// RFC 7519, section 5.1, and RFC 9068, section 4.
    private static let types: Set = ["jwt", "at+jwt", "application/at+jwt"]
}

/// The members of a JSON object without duplicate names: parsers disagree about which of them is valid.
struct UniqueMembers {
    // By their bytes: hashing a `String` normalizes it first.
    private let values: [ExactText: JSONValue]

    init?(_ bytes: [UInt8]) {
        guard let value = try? JSONParser.parse(bytes) else { return nil }
        self.init(value)
    }

    init?(_ value: JSONValue) {
        guard case .object(let members) = value else { return nil }
        values = Dictionary(members.map { (ExactText($0.name), $0.value) }) { first, _ in first }
        guard values.count == members.count else { return nil }
    }

    /// `.null` is a value too.
    subscript(name: String) -> JSONValue? { values[ExactText(name)] }
}
