public import Inventory
import NIOCore
import Synchronization

/// Documents from Redis, never stale: the read side of the coherence protocol of the design.
///
/// A document may be served if its stamp is not below the marks of its ledger and of the catalog, which come in the same
/// round trip. A miss costs the database one query for each document and process, however many ask.
public final class DocumentCache: DocumentReading {
    private typealias Passenger = CheckedContinuation<Boarding, Never>

    private enum Boarding: Sendable {
        /// Nobody reads the document: the caller does, for all who join.
        case leads
        /// The caller reads it next, for all who wait with it: they may have come after the caller looked.
        case leadsNext
        case landed(Result<Document, LedgerError>)
    }

    private let cache: CacheConnection
    private let flights = Mutex(Flights<Passenger>())

    public init(_ cache: CacheConnection) {
        self.cache = cache
    }

    public func document(
        _ key: DocumentKey, atLeast: Position?, render: @escaping DocumentRenderer
    ) async throws(LedgerError) -> (document: Document, origin: DocumentOrigin) {
        var leads = false
        while true {
            let look = await look(key, atLeast)
            if let document = look.hit {
                if leads { land(key, .success(document)) }
                return (document, .hit)
            }
            if !leads {
                switch await board(key, look.required) {
                case .leads:
                    leads = true
                case .leadsNext:
                    leads = true
                    continue
                case .landed(let result):
                    let document = try result.get()
                    guard document.stamp.position >= atLeast ?? .zero else { continue }
                    return (document, look.origin)
                }
            }
            let result = await fly(key, look, atLeast, render)
            land(key, result)
            return (try result.get(), look.origin)
        }
    }

    private func board(_ key: DocumentKey, _ required: Requirement?) async -> Boarding {
        await withCheckedContinuation { passenger in
            if flights.withLock({ $0.board(key, required, passenger) }) { passenger.resume(returning: .leads) }
        }
    }

    private func land(_ key: DocumentKey, _ result: Result<Document, LedgerError>) {
        let (passengers, next) = flights.withLock { $0.land(key) }
        for passenger in passengers { passenger.resume(returning: .landed(result)) }
        next?.resume(returning: .leadsNext)
    }
}

/// What a caller found in the cache.
private struct Look {
    /// `nil` if the cache cannot be asked, or is not trusted.
    let documents: RedisDocuments?
    let hit: Document?
    /// `nil` if it cannot be said, because a mark is unknown.
    let required: Requirement?
    /// The ledgers whose marks are unknown.
    let unknown: Set<StoreID>

    var origin: DocumentOrigin { documents == nil ? .bypass : .miss }
}

extension DocumentCache {
    private func look(_ key: DocumentKey, _ atLeast: Position?) async -> Look {
        guard let documents = cache.documents,
            let reading = await cache.attempt({ () throws(CacheError) in try await documents.read(key) })
        else { return Look(documents: nil, hit: nil, required: nil, unknown: []) }
        let position = reading.mark.required(for: key)
        let catalogKey = DocumentKey(storeID: .catalog, name: "")
        let catalogPosition = key.storeID == .catalog ? position : reading.catalogMark.required(for: catalogKey)
        guard let position, let catalogPosition else {
            var unknown: Set<StoreID> = []
            if position == nil { unknown.insert(key.storeID) }
            if catalogPosition == nil { unknown.insert(.catalog) }
            return Look(documents: documents, hit: nil, required: nil, unknown: unknown)
        }
        let required = Requirement(
            position: max(position, atLeast ?? .zero), catalogPosition: catalogPosition)
        let hit = reading.document.flatMap { required.isMet(by: $0.stamp) ? $0 : nil }
        return Look(documents: documents, hit: hit, required: required, unknown: [])
    }

    private func fly(
        _ key: DocumentKey, _ look: Look, _ atLeast: Position?, _ render: DocumentRenderer
    ) async -> Result<Document, LedgerError> {
        do throws(LedgerError) {
            guard let documents = look.documents else {
                return .success(try await render(Freshness(position: atLeast, isCurrent: true)))
            }
            guard let required = look.required else {
                return .success(try await findOut(key, look.unknown, in: documents, atLeast, render))
            }
            let document = try await render(
                Freshness(position: required.position, catalogPosition: required.catalogPosition))
            await cache.attempt { () throws(CacheError) in try await documents.fill(key, document, nonce: nil) }
            return .success(document)
        } catch {
            return .failure(error)
        }
    }

    /// Claims the unknown marks, reads the primary, and makes known what is still claimed.
    private func findOut(
        _ key: DocumentKey, _ unknown: Set<StoreID>, in documents: RedisDocuments, _ atLeast: Position?,
        _ render: DocumentRenderer
    ) async throws(LedgerError) -> Document {
        let nonce = String(UInt64.random(in: .min ... .max), radix: 36)
        var claimed: Set<StoreID> = []
        for storeID in unknown {
            let isOwn = await cache.attempt { () throws(CacheError) in
                try await documents.claim(storeID, nonce: nonce)
            }
            if isOwn == true { claimed.insert(storeID) }
        }
        let document: Document
        do {
            document = try await render(Freshness(position: atLeast, isFromPrimary: true))
        } catch .unavailable {
            return try await render(Freshness(position: atLeast))
        }
        await cache.attempt { () throws(CacheError) in
            if key.storeID != .catalog, claimed.contains(.catalog) {
                try await documents.establish(.catalog, document.stamp.catalogPosition, nonce: nonce)
            }
            // With somebody else's claim in place, the script stores nothing.
            try await documents.fill(key, document, nonce: claimed.contains(key.storeID) ? nonce : nil)
        }
        return document
    }
}
