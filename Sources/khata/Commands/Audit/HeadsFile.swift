import Foundation
import Inventory

/// The heads of ledgers in a file, to be kept out of reach of anyone who can change the ledgers. One line each: store,
/// position, hash, and when it was written. The last line has their number.
struct HeadsFile {
    let path: String

    var exists: Bool { FileManager.default.fileExists(atPath: path) }

    /// - Throws: `Failure`.
    func read() throws -> [StoredHead] {
        guard let data = FileManager.default.contents(atPath: path) else { throw Failure("\(path) cannot be read") }
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
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
            throw Failure("\(path) is not whole: --write-heads ends with how many ends of ledgers there are")
        }
        return heads
    }

    private static func end(_ count: Int) -> String { "# \(count) in all" }

    /// - Throws: `Failure`; then the file is unchanged.
    func write(_ heads: [LedgerHead]) throws {
        let now = Timestamp.now
        let lines =
            ["# store, position, hash, when it was noted: for khata audit verify --heads"]
            + heads.map { "\($0.storeID) \($0.position) \($0.hash) \(now)" } + [Self.end(heads.count)]
        do {
            try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw Failure("\(path) cannot be written: \(error)")
        }
    }
}
