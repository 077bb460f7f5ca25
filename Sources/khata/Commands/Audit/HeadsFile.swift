import Crypto
import Foundation
import Inventory

/// The heads of ledgers in a file, to be kept out of reach of anyone who can change the ledgers. One line each: store,
/// position, hash, and when it was written; then their number, and a signature of all bytes before its line.
struct HeadsFile {
    let path: String

    var exists: Bool { FileManager.default.fileExists(atPath: path) }

    /// - Parameter key: Verifies the signature; without it, any file is accepted.
    /// - Throws: `Failure`.
    func read(signedBy key: Curve25519.Signing.PublicKey?) throws -> [StoredHead] {
        guard let data = FileManager.default.contents(atPath: path) else { throw Failure("\(path) cannot be read") }
        let mark = data.range(of: Self.signatureMark, options: .backwards)
        let content = data[..<(mark?.lowerBound ?? data.endIndex)]
        if let key {
            guard let mark else {
                throw Failure("\(path) has no signature: those that khata audit anchor writes have one")
            }
            let signature = Data(base64Encoded: data[mark.upperBound...].dropLast())
            guard let signature, key.isValidSignature(signature, for: content) else {
                throw Failure("\(path) was changed after it was signed, or signed with another key")
            }
        }
        let lines = String(decoding: content, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        let heads = try lines.enumerated().compactMap { index, line -> StoredHead? in
            let fields = line.split(whereSeparator: \.isWhitespace)
            guard let first = fields.first, !first.hasPrefix("#") else { return nil }
            guard fields.count == 4, let store = Int64(fields[0]), let position = Int64(fields[1]),
                let hash = AuditHash(hexadecimal: String(fields[2])), let time = Timestamp(String(fields[3]))
            else {
                throw Failure("\(path), line \(index + 1): this is no store, position, hash and time")
            }
            return StoredHead(
                storeID: StoreID(rawValue: store), position: Position(rawValue: position), hash: hash, notedAt: time)
        }
        guard lines.last(where: { !$0.isEmpty }).map(String.init) == Self.end(heads.count) else {
            throw Failure("\(path) is not whole: it has to end with how many ends of ledgers there are")
        }
        return heads
    }

    private static func end(_ count: Int) -> String { "# \(count) in all" }

    private static let signatureMark = Data("# signature: ".utf8)

    /// - Throws: `Failure`; then the file is unchanged.
    func write(_ heads: [LedgerHead], signedBy key: Curve25519.Signing.PrivateKey) throws {
        let now = Timestamp.now
        let lines =
            ["# store, position, hash, when it was noted: for khata audit verify --heads"]
            + heads.map { "\($0.storeID) \($0.position) \($0.hash) \(now)" } + [Self.end(heads.count)]
        do {
            let content = Data((lines.joined(separator: "\n") + "\n").utf8)
            let signature = Data(try key.signature(for: content).base64EncodedString().utf8)
            try (content + Self.signatureMark + signature + Data("\n".utf8))
                .write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw Failure("\(path) cannot be written: \(error)")
        }
    }
}
