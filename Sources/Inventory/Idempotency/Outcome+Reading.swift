import Foundation

extension Outcome {
    /// Parses the output of `json()`, of this or another version of this program.
    public init(json: String) throws(UnreadableData) {
        do {
            let json = Data(json.utf8)
            let version = try JSONDecoder().decode(StoredVersion.self, from: json).version ?? 1
            guard (1...Self.newestVersion).contains(version) else {
                throw UnreadableData(
                    "its version is \(version), and this program knows those up to \(Self.newestVersion)")
            }
            self = try JSONDecoder().decode(Outcome.self, from: json)
        } catch {
            throw UnreadableData("the outcome \(json.prefix(200)) cannot be read: \(error)")
        }
    }
}

private struct StoredVersion: Decodable {
    let version: Int64?
}

// The stored format is the one that the compiler derives from the types, but for these two.

extension RecordedBatch: Decodable {
    private struct Stored: Decodable {
        let lines: [Line]
        let invalid: [InvalidLine]?
    }

    private struct InvalidLine: Decodable {
        let line: Int
        let fields: [InvalidField]
    }

    public init(from decoder: any Decoder) throws {
        let stored = try Stored(from: decoder)
        var lines = stored.lines
        for invalid in stored.invalid ?? [] {
            guard (0...lines.count).contains(invalid.line) else {
                throw UnreadableData("there is no line \(invalid.line)")
            }
            lines.insert(.invalid(invalid.fields), at: invalid.line)
        }
        self.init(lines: lines)
    }
}

extension StockLeft: Decodable {
    private struct Stored: Decodable {
        let levels: [LevelKey]?
        let hasMore: Bool?
    }

    public init(from decoder: any Decoder) throws {
        let stored = try Stored(from: decoder)
        self.init(try stored.levels ?? [LevelKey(from: decoder)], hasMore: stored.hasMore ?? false)
    }
}
