public import Inventory
import Synchronization

/// Documents from Redis, never stale: the read side of the protocol in `docs/coherence.md`.
///
/// A document may be served if its stamp is not below the marks of its ledger and of the catalog, which come in the same
/// round trip. A miss costs the database one query for each document, however many ask, and of however many processes: in
/// one process they share a flight, and processes take turns.
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
    private let servesUnproven: Bool
    private let flights = Mutex(Flights<Passenger>())

    /// - Parameter servesUnproven: Whether reads are answered while nobody can say whether the cache has it all, because
    ///   neither the relay's heart is heard nor a database answers.
    public init(_ cache: CacheConnection, servesUnproven: Bool = false) {
        self.cache = cache
        self.servesUnproven = servesUnproven
    }

    public func document(
        _ key: DocumentKey, atLeast: LedgerPoint?, render: @escaping DocumentRenderer
    ) async throws(LedgerError) -> (document: Document, origin: DocumentOrigin) {
        let found: (document: Document, origin: DocumentOrigin)
        do throws(LedgerError) {
            found = try await current(key, render)
        } catch .unavailable {
            found = (try await unproven(key, render), .bypass)
        }
        // The marks need not know yet what a client knows. To find it is that client's matter: it reads by itself.
        if atLeast == nil || (try? found.document.stamp.require(atLeast)) != nil { return found }
        let document = try await render(Freshness(atLeast: atLeast))
        if let documents = cache.documents { await cache.fill(documents, key, document, nonce: nil) }
        return (document, found.origin == .bypass ? .bypass : .miss)
    }

    /// A document that shows all that was acknowledged before the call.
    private func current(
        _ key: DocumentKey, _ render: @escaping DocumentRenderer
    ) async throws(LedgerError) -> (document: Document, origin: DocumentOrigin) {
        var leads = false
        while true {
            let look = await cache.look(key)
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
                    // The ledger may have gone on with another history while the caller waited.
                    if let required = look.required, !required.isMet(by: document.stamp) { continue }
                    return (document, look.origin)
                }
            }
            let flight = DocumentFlight(cache: cache, key: key, render: render)
            let result: Result<Document, LedgerError>
            do throws(LedgerError) {
                result = .success(try await flight.document(look))
            } catch {
                result = .failure(error)
            }
            land(key, result)
            return (try result.get(), look.origin)
        }
    }

    /// While the primary is out of reach, what there is, if that is wanted: it says of itself that it is not proved.
    private func unproven(_ key: DocumentKey, _ render: DocumentRenderer) async throws(LedgerError) -> Document {
        guard servesUnproven else { throw .unavailable }
        do throws(LedgerError) {
            return try await render(Freshness())
        } catch .unavailable {
            guard let document = await cache.lookUntrusted(key) else { throw .unavailable }
            return document
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
