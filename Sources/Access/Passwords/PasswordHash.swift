import Crypto
import CryptoExtras

/// How much work scrypt does for one password (RFC 7914, section 2).
struct ScryptCost: Hashable, Sendable {
    /// The binary logarithm of N.
    let ln: Int
    let r: Int
    let p: Int

    /// 16 MiB, five times over. Source: OWASP, "Password Storage Cheat Sheet", scrypt.
    static let standard = ScryptCost(ln: 14, r: 8, p: 5)!

    /// - Returns: `nil` for a cost that makes no sense, or takes more than 128 MiB, or three times the standard's work:
    ///   a hash that came from elsewhere must not exhaust this machine.
    init?(ln: Int, r: Int, p: Int) {
        guard (1...20).contains(ln), (1...32).contains(r), (1...16).contains(p), ln < 16 * r else { return nil }
        let blocks = r << ln
        guard 128 * blocks <= 128 << 20, blocks * p <= 1 << 21 else { return nil }
        self.ln = ln
        self.r = r
        self.p = p
    }
}

/// What is stored of a password: its scrypt hash, in the PHC string format
/// (https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md), as `$scrypt$ln=14,r=8,p=5$<salt>$<hash>`.
public struct PasswordHash: Sendable, CustomStringConvertible {
    private static let saltLength = 16
    private static let hashLength = 32

    let cost: ScryptCost
    let salt: [UInt8]
    let hash: [UInt8]

    /// Hashes a password with a new salt. Takes a fifth of a second or so, on the thread that asks.
    init(of password: Password, cost: ScryptCost = .standard) {
        var random = SystemRandomNumberGenerator()
        let salt = (0..<Self.saltLength).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        self.init(cost: cost, salt: salt, hash: scrypt(password.bytes, salt: salt, cost, length: Self.hashLength))
    }

    /// Reads a hash; `nil` if it is none, or costs too much to check.
    init?(_ text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt", let cost = ScryptCost(parts[2]),
            let salt = Base64.decode(parts[3].utf8, .unpadded), (8...64).contains(salt.count),
            let hash = Base64.decode(parts[4].utf8, .unpadded), (16...64).contains(hash.count)
        else { return nil }
        self.init(cost: cost, salt: salt, hash: hash)
    }

    init(cost: ScryptCost, salt: [UInt8], hash: [UInt8]) {
        self.cost = cost
        self.salt = salt
        self.hash = hash
    }

    public var description: String {
        "$scrypt$ln=\(cost.ln),r=\(cost.r),p=\(cost.p)$"
            + "\(Base64.encode(salt, .unpadded))$\(Base64.encode(hash, .unpadded))"
    }

    /// Whether it is this password's, compared in constant time. Takes as long as hashing it.
    func matches(_ password: Password) -> Bool {
        let found = scrypt(password.bytes, salt: salt, cost, length: hash.count)
        return zip(found, hash).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

extension ScryptCost {
    /// As `ln=14,r=8,p=5`.
    fileprivate init?(_ text: Substring) {
        let names = ["ln=", "r=", "p="]
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count == names.count else { return nil }
        let numbers = zip(parts, names).compactMap { part, name -> Int? in
            guard part.hasPrefix(name), let number = Int(part.dropFirst(name.count)),
                part.dropFirst(name.count) == "\(number)"
            else { return nil }
            return number
        }
        guard numbers.count == names.count else { return nil }
        self.init(ln: numbers[0], r: numbers[1], p: numbers[2])
    }
}

/// RFC 7914.
func scrypt(_ password: [UInt8], salt: [UInt8], _ cost: ScryptCost, length: Int) -> [UInt8] {
    do {
        let key = try KDF.Scrypt.deriveKey(
            from: password, salt: salt, outputByteCount: length, rounds: 1 << cost.ln, blockSize: cost.r,
            parallelism: cost.p)
        return key.withUnsafeBytes { Array($0) }
    } catch {
        preconditionFailure("scrypt refuses a cost that was checked, or there is no memory: \(error)")
    }
}
