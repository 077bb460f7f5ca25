import Inventory
import Testing

@testable import StockCache

@Suite("Flights")
struct FlightsTests {
    private let key = DocumentKey(storeID: .one, name: "stock")

    private func required(_ position: Int64, _ catalog: Int64 = 1) -> Requirement {
        Requirement(
            history: History("h"), position: Position(rawValue: position), catalogPosition: Position(rawValue: catalog),
            highest: Position(rawValue: position), told: .init(position: .zero, catalogPosition: .zero))
    }

    @Test("who needs no more than a flight brings joins it; who needs more, or cannot say, takes the next")
    func boarding() {
        var flights = Flights<Int>()
        let first = [
            flights.board(key, required(5), 1), flights.board(key, required(5), 2), flights.board(key, required(6), 3),
            flights.board(key, nil, 4), flights.board(key, required(5, 2), 5),
        ]
        #expect(first == [true, false, false, false, false])
        let landed = flights.land(key)
        #expect(landed.passengers == [2] && landed.next == 3)
        // Of what the next flight brings, nothing can be said until it has landed.
        let late = flights.board(key, required(1), 6)
        let second = flights.land(key)
        #expect(!late && second.passengers == [4, 5] && second.next == 6)
        let third = flights.land(key)
        #expect(third.passengers.isEmpty && third.next == nil)
        let fourth = flights.board(key, nil, 7)
        #expect(fourth)
    }

    @Test("nobody joins a flight of whose marks nothing was known")
    func unknown() {
        var flights = Flights<Int>()
        let boarded = [flights.board(key, nil, 1), flights.board(key, required(1), 2)]
        let landed = flights.land(key)
        #expect(boarded == [true, false] && landed.next == 2)
    }
}
