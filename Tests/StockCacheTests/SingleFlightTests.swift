import Inventory
import InventoryTesting
import Testing

@testable import StockCache

@Suite("SingleFlight")
struct SingleFlightTests {
    private let key = DocumentKey(storeID: .one, name: "stock")

    private func required(_ position: Int64, _ catalog: Int64 = 1) -> Requirement {
        Requirement(
            history: History("h"), position: Position(rawValue: position), catalogPosition: Position(rawValue: catalog),
            highest: Position(rawValue: position), invalidated: .init(position: .zero, catalogPosition: .zero))
    }

    @Test(
        "a caller that needs no more than a load provides joins it; one that needs more, or cannot say, waits for the next"
    )
    func joining() {
        var flights = SingleFlight<Int>()
        let first = [
            flights.join(key, required(5), 1), flights.join(key, required(5), 2), flights.join(key, required(6), 3),
            flights.join(key, nil, 4), flights.join(key, required(5, 2), 5),
        ]
        #expect(first == [true, false, false, false, false])
        let completed = flights.complete(key)
        #expect(completed.waiters == [2] && completed.next == 3)
        // Nothing can be said of the next result until it has completed.
        let late = flights.join(key, required(1), 6)
        let second = flights.complete(key)
        #expect(!late && second.waiters == [4, 5] && second.next == 6)
        let third = flights.complete(key)
        #expect(third.waiters.isEmpty && third.next == nil)
        let fourth = flights.join(key, nil, 7)
        #expect(fourth)
    }

    @Test("nobody joins a flight of whose marks nothing was known")
    func unknown() {
        var flights = SingleFlight<Int>()
        let leads = [flights.join(key, nil, 1), flights.join(key, required(1), 2)]
        let completed = flights.complete(key)
        #expect(leads == [true, false] && completed.next == 2)
    }
}
