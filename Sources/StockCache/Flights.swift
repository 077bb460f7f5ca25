import Inventory

extension Requirement {
    func isMet(by stamp: Stamp) -> Bool {
        stamp.history == history && stamp.position >= position && stamp.catalogPosition >= catalogPosition
    }
}

/// Who reads a document from the database, and who waits for it: at most one reads each document at a time.
///
/// Who comes while a flight is under way joins it only if what it brings is sure to be new enough. The others take off
/// together when it has landed: their flight begins after all of them came.
struct Flights<Passenger>: ~Copyable {
    private struct Flight {
        /// What it brings at least; `nil` if nothing can be said.
        var brings: Requirement?
        var passengers: [Passenger] = []
        var next: [Passenger] = []
    }

    private var flights: [DocumentKey: Flight] = [:]

    /// - Parameter required: What the caller needs; `nil` if that is not known.
    /// - Returns: Whether the caller flies, and lands; otherwise the passenger waits.
    mutating func board(_ key: DocumentKey, _ required: Requirement?, _ passenger: Passenger) -> Bool {
        guard var flight = flights.removeValue(forKey: key) else {
            flights[key] = Flight(brings: required)
            return true
        }
        if let required, let brings = flight.brings, brings.covers(required) {
            flight.passengers.append(passenger)
        } else {
            flight.next.append(passenger)
        }
        flights[key] = flight
        return false
    }

    /// - Returns: Those who get what the flight brought, and who flies next.
    mutating func land(_ key: DocumentKey) -> (passengers: [Passenger], next: Passenger?) {
        guard let flight = flights.removeValue(forKey: key) else { preconditionFailure("no flight is under way") }
        if !flight.next.isEmpty {
            flights[key] = Flight(brings: nil, passengers: Array(flight.next.dropFirst()))
        }
        return (flight.passengers, flight.next.first)
    }
}
