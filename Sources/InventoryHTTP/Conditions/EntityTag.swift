import Basics
import Inventory

/// A strong `ETag` (RFC 9110, section 8.8.3), made of the positions that a response was read at and the history that
/// they belong to: `"42.7-9f3c1a"`.
struct EntityTag: Equatable {
    /// Including the quotes.
    let text: String

    /// For an item of the catalog.
    init(_ version: Version) {
        text = "\"\(version.position)-\(version.history.id)\""
    }

    /// For data of a store, whose names come from the catalog.
    init(_ position: Position, catalog: Position, in history: History) {
        text = "\"\(position).\(catalog)-\(history.id)\""
    }

    /// Whether `If-None-Match` matches, by weak comparison: the client already has this response.
    func isNamed(by ifNoneMatch: String) -> Bool {
        ifNoneMatch.listMembers().contains { tag in
            let isWeak = tag.utf8.starts(with: "W/".utf8)
            return tag.hasSameBytes(as: "*") || (isWeak ? tag.utf8.dropFirst(2).text : tag).hasSameBytes(as: text)
        }
    }
}

extension VersionCondition {
    /// Parses `If-Match`, by strong comparison: weak tags and tags that are not ours match nothing.
    init(ifMatch: String?) {
        guard let ifMatch else {
            self = .any
            return
        }
        let tags = ifMatch.listMembers()
        guard !tags.contains(where: { $0.hasSameBytes(as: "*") }) else {
            self = .any
            return
        }
        self = .oneOf(
            tags.compactMap { tag in
                guard tag.isVisibleASCII else { return nil }
                let parts = tag.utf8.dropFirst().dropLast().split(separator: UInt8(ascii: "-"), maxSplits: 1)
                guard parts.count == 2, let number = Int64(parts[0].text) else { return nil }
                let version = Version(Position(rawValue: number), in: History(String(parts[1].text)))
                return tag.hasSameBytes(as: EntityTag(version).text) ? version : nil
            })
    }
}
