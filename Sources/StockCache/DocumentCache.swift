public import Inventory
import Synchronization

/// Documents from Redis, never stale: the read side of the coherence protocol of the design.
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
    private let flights = Mutex(Flights<Passenger>())

    public init(_ cache: CacheConnection) {
        self.cache = cache
    }

    public func document(
        _ key: DocumentKey, atLeast: Position?, render: @escaping DocumentRenderer
    ) async throws(LedgerError) -> (document: Document, origin: DocumentOrigin) {
        var leads = false
        while true {
            let look = await cache.look(key, atLeast)
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
            let flight = DocumentFlight(cache: cache, key: key, atLeast: atLeast, render: render)
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
