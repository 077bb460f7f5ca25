import Inventory

/// Decides which caller loads a document from the database while the others wait: one load per document at a time.
///
/// A caller joins a load in progress only if its result is certain to be new enough. The others share the next load,
/// which starts when this one completes, and so after all of them arrived.
struct SingleFlight<Waiter>: ~Copyable {
    private struct Flight {
        /// How new its result is at least; `nil` if unknown.
        var provides: Requirement?
        var waiters: [Waiter] = []
        var next: [Waiter] = []
    }

    private var flights: [DocumentKey: Flight] = [:]

    /// - Parameter required: What the caller needs; `nil` if that is not known.
    /// - Returns: Whether the caller leads: it loads the document, and calls `complete`. Otherwise `waiter` is kept.
    mutating func join(_ key: DocumentKey, _ required: Requirement?, _ waiter: Waiter) -> Bool {
        guard var flight = flights.removeValue(forKey: key) else {
            flights[key] = Flight(provides: required)
            return true
        }
        if let required, let provides = flight.provides, provides.covers(required) {
            flight.waiters.append(waiter)
        } else {
            flight.next.append(waiter)
        }
        flights[key] = flight
        return false
    }

    /// - Returns: The waiters for the result, and the leader of the next load.
    mutating func complete(_ key: DocumentKey) -> (waiters: [Waiter], next: Waiter?) {
        guard let flight = flights.removeValue(forKey: key) else { preconditionFailure("no load is in progress") }
        if !flight.next.isEmpty {
            flights[key] = Flight(provides: nil, waiters: Array(flight.next.dropFirst()))
        }
        return (flight.waiters, flight.next.first)
    }
}
