/// The namespaces of a cache's parts.
///
/// A cache in one Redis has one part. In a Redis Cluster it has many, each on one of the masters: every part is a cache of
/// its own for some of the stores, with its own marks, also of the catalog, heartbeat and trust.
public struct CacheNamespaces: Hashable, Sendable {
    /// As the primary has it: the parts' namespaces, separated by commas, or nothing for a part that is off.
    public let text: String
    /// `nil`: that part is off.
    public let parts: [Substring?]

    public init(_ text: String) {
        self.text = text
        parts = text.split(separator: ",", omittingEmptySubsequences: false).map { $0.isEmpty ? nil : $0 }
    }

    /// - Returns: `nil` if all parts are off.
    public init?(parts: [Substring?]) {
        guard parts.contains(where: { $0 != nil }) else { return nil }
        self.parts = parts
        text = parts.map { $0 ?? "" }.joined(separator: ",")
    }

    public static func == (some: CacheNamespaces, other: CacheNamespaces) -> Bool { some.text == other.text }

    public func hash(into hasher: inout Hasher) { hasher.combine(text) }

    /// The part of a cache with so many parts that has a store's documents. The catalog's are in the first; its marks are in
    /// all of them.
    public static func part(of storeID: StoreID, among count: Int) -> Int {
        guard storeID != .catalog else { return 0 }
        // Fibonacci hashing: stores whose ids have a common factor are spread as well.
        let hash = UInt64(bitPattern: storeID.rawValue) &* 0x9E37_79B9_7F4A_7C15
        return Int(hash.multipliedFullWidth(by: UInt64(count)).high)
    }

    /// The changes that each part has to be invalidated for, without those of parts that are off.
    public func byPart(_ invalidations: [Invalidation]) -> [Int: [Invalidation]] {
        var found: [Int: [Invalidation]] = [:]
        for invalidation in invalidations {
            for part in parts(concernedBy: invalidation) { found[part, default: []].append(invalidation) }
        }
        return found
    }

    /// The parts that are on, of those that a change concerns.
    private func parts(concernedBy invalidation: Invalidation) -> some Collection<Int> {
        let part = Self.part(of: invalidation.storeID, among: parts.count)
        let concerned = invalidation.storeID == .catalog ? parts.indices : part..<part + 1
        return concerned.lazy.filter { parts[$0] != nil }
    }

    /// What a commit records, so that the relay knows which namespaces to invalidate: those of all parts, also if it concerns
    /// only some. Programs that know no parts compare it with the current text, to see which commits are pending.
    /// - Returns: `nil` if there is nothing to invalidate.
    public func recorded(for invalidations: [Invalidation]) -> String? {
        invalidations.contains { !parts(concernedBy: $0).isEmpty } ? text : nil
    }

    /// The changes of a commit that each part has to be invalidated for. Those that were recorded for a part's earlier
    /// namespaces are not among them.
    public func byPart(_ entry: OutboxEntry) -> [Int: [Invalidation]] {
        let found = byPart(entry.invalidations)
        guard let recorded = entry.namespaces, recorded != text else { return found }
        let owed = recorded.split(separator: ",")
        return found.filter { part, _ in parts[part].map(owed.contains) ?? false }
    }
}
