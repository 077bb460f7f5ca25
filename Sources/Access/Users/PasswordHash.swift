/// The cost parameters of scrypt (RFC 7914, section 2).
package struct ScryptCost: Hashable, Sendable {
    /// The binary logarithm of N.
    package let ln: Int
    package let r: Int
    package let p: Int

    /// 16 MiB, five times over. Source: OWASP, "Password Storage Cheat Sheet", scrypt.
    package static let standard = ScryptCost(ln: 14, r: 8, p: 5)!

    /// - Returns: `nil` for an invalid cost, or one that takes more than 128 MiB or three times the standard's work: a
    ///   hash from elsewhere must not exhaust this machine.
    package init?(ln: Int, r: Int, p: Int) {
        guard (1...20).contains(ln), (1...32).contains(r), (1...16).contains(p), ln < 16 * r else { return nil }
        let blocks = r << ln
        guard 128 * blocks <= 128 << 20, blocks * p <= 1 << 21 else { return nil }
        self.ln = ln
        self.r = r
        self.p = p
    }
}

/// The stored form of a password: its scrypt hash, in the PHC string format
/// (https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md), as `$scrypt$ln=14,r=8,p=5$<salt>$<hash>`.
public struct PasswordHash: Sendable, CustomStringConvertible {
    package let cost: ScryptCost
    package let salt: [UInt8]
    package let hash: [UInt8]

    /// Parses a hash; `nil` if it is invalid, or too costly to check.
    package init?(_ text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt", let cost = ScryptCost(parts[2]),
            let salt = Base64.decode(parts[3].utf8, .unpadded), (8...64).contains(salt.count),
            let hash = Base64.decode(parts[4].utf8, .unpadded), (16...64).contains(hash.count)
        else { return nil }
        self.init(cost: cost, salt: salt, hash: hash)
    }

    package init(cost: ScryptCost, salt: [UInt8], hash: [UInt8]) {
        self.cost = cost
        self.salt = salt
        self.hash = hash
    }

    public var description: String {
        "$scrypt$ln=\(cost.ln),r=\(cost.r),p=\(cost.p)$"
            + "\(Base64.encode(salt, .unpadded))$\(Base64.encode(hash, .unpadded))"
    }
}

extension ScryptCost {
    /// Such as `ln=14,r=8,p=5`.
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
