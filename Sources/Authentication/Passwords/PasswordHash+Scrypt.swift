import Access
import Crypto
import CryptoExtras

extension PasswordHash {
    /// Hashes a password with a new salt. Blocks the calling thread for a fifth of a second or so.
    init(of password: Password, cost: ScryptCost = .standard) {
        var random = SystemRandomNumberGenerator()
        let salt = (0..<saltLength).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        self.init(cost: cost, salt: salt, hash: scrypt(password.bytes, salt: salt, cost, length: hashLength))
    }

    /// Whether this is the password's hash, compared in constant time. Takes as long as hashing it.
    func matches(_ password: Password) -> Bool {
        let found = scrypt(password.bytes, salt: salt, cost, length: hash.count)
        return zip(found, hash).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

/// In bytes.
private let saltLength = 16
private let hashLength = 32

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
