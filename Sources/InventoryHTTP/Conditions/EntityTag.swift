import Inventory

/// A strong `ETag` (RFC 9110, section 8.8.3), made of the positions that an answer was read at.
struct EntityTag: Equatable {
    /// With its quotes.
    let text: String

    /// Of something in the catalog.
    init(_ position: Position) {
        text = "\"\(position.rawValue)\""
    }

    /// Of something in a store, where names come from the catalog.
    init(_ position: Position, catalog: Position) {
        text = "\"\(position.rawValue).\(catalog.rawValue)\""
    }

    /// Whether `If-None-Match` names it, by weak comparison: the client has this answer already.
    func isNamed(by ifNoneMatch: String) -> Bool {
        ifNoneMatch.split(separator: ",").contains { member in
            let tag = member.trimmed
            return tag == "*" || (tag.hasPrefix("W/") ? tag.dropFirst(2) : tag) == text
        }
    }
}

extension VersionCondition {
    /// What `If-Match` asks, by strong comparison: a weak tag, and what is no tag of ours, matches nothing.
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
                guard let number = Int64(tag.dropFirst().dropLast()) else { return nil }
                let position = Position(rawValue: number)
                return EntityTag(position).text == tag ? position : nil
            })
    }
}
