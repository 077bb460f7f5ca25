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
        ifNoneMatch.split(separator: ",").contains { member in
            let tag = member.trimmed
            return tag == "*" || (tag.hasPrefix("W/") ? tag.dropFirst(2) : tag) == text
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
        let tags = ifMatch.split(separator: ",").map(\.trimmed)
        guard !tags.contains("*") else {
            self = .any
            return
        }
        self = .oneOf(
            tags.compactMap { tag in
                let parts = tag.dropFirst().dropLast().split(separator: "-", maxSplits: 1)
                guard parts.count == 2, let number = Int64(parts[0]) else { return nil }
                let version = Version(Position(rawValue: number), in: History(String(parts[1])))
                return EntityTag(version).text == tag ? version : nil
            })
    }
}
