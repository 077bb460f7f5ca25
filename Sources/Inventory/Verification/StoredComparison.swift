extension StoredPart {
    /// The stored and the derived item of each id in this part, in order.
    fileprivate func pairs<ID: LedgerNumber>(
        with derived: [ID: Item], _ id: (Item) -> ID
    ) -> [(id: ID, kept: Item?, derived: Item?)] {
        let kept = Dictionary(items.map { (id($0), $0) }, uniquingKeysWith: { $1 })
        let missing = derived.keys.filter { ids.contains($0.rawValue) && kept[$0] == nil }
        return (Array(kept.keys) + missing).sorted().map { ($0, kept[$0], derived[$0]) }
    }
}

extension StoredPart<StoredLevel> {
    /// - Parameter showsAll: Whether the stored levels have positions and include archived products, whose stock is
    ///   zero.
    func differences(
        from derived: [ProductID: StoredLevel], of storeID: StoreID, showsAll: Bool
    ) -> [LedgerDifference] {
        pairs(with: derived, \.productID).flatMap { id, kept, derived -> [LedgerDifference] in
            switch (kept, derived) {
            case (let kept?, let derived?):
                guard kept != derived else { return [] }
                let fields = [
                    ("on_hand", "\(kept.onHand)", "\(derived.onHand)"),
                    ("recorded_at", "\(kept.recordedAt)", "\(derived.recordedAt)"),
                ]
                let position = [("position", "\(kept.position)", "\(derived.position)")]
                return (fields + (showsAll ? position : [])).compactMap { field, found, expected in
                    LedgerDifference(storeID, product: id, at: derived.position, field: field, found, expected)
                }
            case (let kept?, nil):
                return [
                    LedgerDifference(
                        storeID, product: id, "a level of \(kept.onHand) is there, and nothing was ever moved",
                        found: "\(kept.onHand)")
                ]
            case (nil, let derived?) where showsAll || derived.onHand > 0:
                return [
                    LedgerDifference(
                        storeID, product: id, at: derived.position,
                        "no level is there, and \(derived.onHand) on hand follows from the log",
                        expected: "\(derived.onHand)")
                ]
            case (nil, _):
                return []
            }
        }
    }
}

/// An item of the catalog, for comparison.
protocol CatalogRecord {
    associatedtype ID: LedgerNumber
    static var kind: String { get }
    static func place(_ id: ID) -> (StoreID, ProductID?)
    var id: ID { get }
    var position: Position { get }
    var fields: [(name: String, value: String?)] { get }
}

extension Product: CatalogRecord {
    static var kind: String { "product" }
    static func place(_ id: ProductID) -> (StoreID, ProductID?) { (.catalog, id) }

    var fields: [(name: String, value: String?)] {
        [("sku", details.sku), ("name", details.name), ("category", details.category), ("unit", details.unit)]
    }
}

extension Store: CatalogRecord {
    static var kind: String { "store" }
    static func place(_ id: StoreID) -> (StoreID, ProductID?) { (id, nil) }

    var fields: [(name: String, value: String?)] { [("name", name)] }
}

extension StoredPart {
    /// - Parameter showsAll: Whether the stored items have versions and include archived ones.
    func differences<Record: CatalogRecord>(
        from derived: [Record.ID: Archivable<Record>], showsAll: Bool
    ) -> [LedgerDifference] where Item == Archivable<Record> {
        pairs(with: derived, \.item.id).flatMap { id, kept, derived -> [LedgerDifference] in
            let (storeID, productID) = Record.place(id)
            switch (kept, derived) {
            case (let kept?, let derived?) where showsAll || derived.archivedAt == nil:
                return zip(kept.fields(showsAll), derived.fields(showsAll)).compactMap { kept, derived in
                    LedgerDifference(storeID, product: productID, field: kept.name, kept.value, derived.value)
                }
            case (nil, let derived?) where !showsAll && derived.archivedAt != nil:
                return []
            case (let kept, let derived):
                let found = kept == nil ? "is not there" : "is there"
                let expected = derived?.archivedAt.map { "says that it was archived at \($0)" } ?? "knows it"
                return [
                    LedgerDifference(
                        storeID, product: productID, at: derived?.item.position,
                        "the \(Record.kind) \(found), and the catalog's log "
                            + (derived == nil ? "does not know it" : expected))
                ]
            }
        }
    }
}

extension Archivable where Item: CatalogRecord {
    fileprivate func fields(_ showsAll: Bool) -> [(name: String, value: String)] {
        let state = [("version", "\(item.position)"), ("archived_at", archivedAt.map { "\($0)" } ?? "none")]
        return item.fields.map { ($0.name, $0.value.map { "\"\($0)\"" } ?? "none") } + (showsAll ? state : [])
    }
}

extension StoredEnd {
    /// - Parameter end: The head of the log, which is sound up to there.
    func differences(from end: LedgerHead) -> [LedgerDifference] {
        guard let head else { return [] }
        // Before a ledger's first entry, the stored time is minus infinity.
        let recordedAt = max(head.recordedAt, .earliest)
        let fields = [
            ("audit_head", "\(head.hash)", "\(end.hash)"), ("recorded_at", "\(recordedAt)", "\(end.recordedAt)"),
        ]
        return fields.compactMap { field, found, expected in
            LedgerDifference(end.storeID, at: end.position, field: field, found, expected)
        }
    }

    /// Entries beyond the ledger's end.
    func strays(of id: StoreID) -> [LedgerDifference] {
        [("audit entries", lastEntry), ("movements", lastMovement)].compactMap { name, last in
            guard last > head?.position ?? .zero else { return nil }
            let detail = head.map { "the ledger ends at \($0.position)" } ?? "there is no such store"
            return LedgerDifference(id, at: last, "there are \(name) up to here, and \(detail)", found: "\(last)")
        }
    }
}

extension StoredCredentials {
    /// - Parameter derived: The last entry about each key and user.
    func differences(from derived: [String: AuditEntry]) -> [LedgerDifference] {
        Set(details.keys).union(derived.keys).sorted().flatMap { subject -> [LedgerDifference] in
            let entry = derived[subject]
            guard let entry, let detail = details[subject] else {
                let state = entry == nil ? "is there, and the log does not know" : "is not there, and the log knows"
                return [LedgerDifference(.credentials, of: subject, at: entry?.position, "it \(state) it")]
            }
            let (found, expected) = (EntryFields(detail), EntryFields(entry.detail))
            let names = Set((found?.names ?? []) + (expected?.names ?? [])).sorted()
            return names.compactMap { name in
                LedgerDifference(
                    .credentials, of: subject, at: entry.position, field: name, found?.shown(name) ?? "none",
                    expected?.shown(name) ?? "none")
            }
        }
    }
}
