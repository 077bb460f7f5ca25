import Crypto
import CryptoExtras
import Foundation

/// Reads the keys of anchors, from files in PEM as OpenSSL writes them.
enum AnchorKey {
    /// - Throws: `Failure`, also if every user of the machine can read the file.
    static func privateKey(_ path: String) throws -> Curve25519.Signing.PrivateKey {
        let key = try read(path, "an Ed25519 private key", as: Curve25519.Signing.PrivateKey.init(pemRepresentation:))
        guard !isExposed(path) else {
            throw Failure("every user of this machine can read \(path): make another key, with mode 600")
        }
        return key
    }

    /// - Throws: `Failure`.
    static func publicKey(_ path: String) throws -> Curve25519.Signing.PublicKey {
        try read(path, "an Ed25519 public key", as: Curve25519.Signing.PublicKey.init(pemRepresentation:))
    }

    private static func read<Key>(_ path: String, _ name: String, as parse: (String) throws -> Key) throws -> Key {
        guard let pem = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw Failure("\(path) cannot be read")
        }
        guard let key = try? parse(pem) else {
            throw Failure("\(path) is not \(name) in PEM: `khata audit anchor --help` shows how to make one")
        }
        return key
    }
}
