import Basics
public import Inventory
import Synchronization

/// Documents from Redis, never stale: the read side of the protocol in `docs/coherence.md`.
///
/// A document may be served if its stamp is not below the marks of its ledger and of the catalog, which are read in the
/// same round trip. A miss costs the database one query per document, however many callers and processes want it:
/// within a process they share a single flight, and processes take turns through a lease.
public final class DocumentCache: DocumentReading {
    private typealias Waiter = CheckedContinuation<JoinOutcome, Never>

    private enum JoinOutcome: Sendable {
        /// No load is in progress: the caller loads the document, for all that join.
        case leads
        /// The caller leads the next load. It must repeat its lookup first, because others may have joined after it.
        case leadsNext
        case completed(Result<Document, LedgerError>)
    }

    private let cache: CacheConnection
    private let servesUnproven: Bool
    private let singleFlight = Mutex(SingleFlight<Waiter>())
    private let admission = DocumentAdmission()

    /// - Parameter servesUnproven: Whether to serve documents that may be stale while there is neither a relay's
    ///   heartbeat nor a database.
    public init(_ cache: CacheConnection, servesUnproven: Bool = false) {
        self.cache = cache
        self.servesUnproven = servesUnproven
    }

    public func document(
        _ key: DocumentKey, for reader: String?, atLeast: LedgerPoint?, render: @escaping DocumentRenderer
    ) async throws(LedgerError) -> (document: Document, origin: DocumentOrigin) {
        let found: (document: Document, origin: DocumentOrigin)
        do throws(LedgerError) {
            found = try await current(key, reader, render)
        } catch .unavailable {
            found = (try await unproven(key, render), .bypass)
        }
        // A client may have seen a newer position than the marks: then it reads for itself, outside the single flight.
        if atLeast == nil || (try? found.document.stamp.require(atLeast)) != nil { return found }
        let document = try await render(Freshness(atLeast: atLeast))
        if let documents = cache.part(of: key.storeID).trustedDocuments {
            let isAdmitted = admission.admits(document, key, for: reader, isStored: found.origin == .hit)
            if isAdmitted { await cache.fill(documents, key, document, nonce: nil, isAdmitted: true) }
        }
        return (document, found.origin == .bypass ? .bypass : .miss)
    }

    /// A document that includes every change acknowledged before the call.
    private func current(
        _ key: DocumentKey, _ reader: String?, _ render: @escaping DocumentRenderer
    ) async throws(LedgerError) -> (document: Document, origin: DocumentOrigin) {
        var leads = false
        while true {
            let lookup = await cache.part(of: key.storeID).lookup(key)
            if let document = lookup.hit {
                if leads { complete(key, .success(document)) }
                return (document, .hit)
            }
            if !leads {
                admission.noteMiss(key)
                switch await join(key, lookup.required) {
                case .leads:
                    leads = true
                case .leadsNext:
                    leads = true
                    continue
                case .completed(let result):
                    let document = try result.get()
                    // The ledger may have changed to another history while the caller waited.
                    if let required = lookup.required, !required.isMet(by: document.stamp) { continue }
                    return (document, lookup.origin)
                }
            }
            let fill = DocumentFill(cache: cache, admission: admission, key: key, reader: reader, render: render)
            let result = await Result.of { () async throws(LedgerError) in try await fill.document(lookup) }
            complete(key, result)
            return (try result.get(), lookup.origin)
        }
    }

    /// The fallback while the primary is unavailable, if enabled: an unproven document from a replica or the cache.
    private func unproven(_ key: DocumentKey, _ render: DocumentRenderer) async throws(LedgerError) -> Document {
        guard servesUnproven else { throw .unavailable }
        do throws(LedgerError) {
            return try await render(Freshness())
        } catch .unavailable {
            guard let document = await cache.part(of: key.storeID).lookupUnproven(key) else { throw .unavailable }
            return document
        }
    }

    private func join(_ key: DocumentKey, _ required: Requirement?) async -> JoinOutcome {
        await withCheckedContinuation { waiter in
            if singleFlight.withLock({ $0.join(key, required, waiter) }) { waiter.resume(returning: .leads) }
        }
    }

    private func complete(_ key: DocumentKey, _ result: Result<Document, LedgerError>) {
        let (waiters, next) = singleFlight.withLock { $0.complete(key) }
        for waiter in waiters { waiter.resume(returning: .completed(result)) }
        next?.resume(returning: .leadsNext)
    }
}
