import Inventory
import JSON
import NIOHTTP1
import Testing

@testable import InventoryHTTP

extension EndToEnd {
    /// Clients that race each other, through two instances of the service over one database.
    @Suite("Races")
    struct Races {
        @Test("the last unit goes to exactly one of two hundred buyers")
        func lastUnit() async throws {
            try await LiveServer.withTwo { one, two in
                try await one.stocked(1)
                let answers = try await race(200, one, two) { _, server in
                    try await server.move(101, store: 1, 1, "sale")
                }
                #expect(answers.count { $0.status == 201 } == 1)
                #expect(answers.count { $0.status == 409 && $0["code"] == .text("insufficient-stock") } == 199)
                #expect(try await two.onHand(101, store: 1) == .integer(0))
                try await one.expectSound()
            }
        }

        @Test("transfers in opposite directions all go through, and nothing is lost between them")
        func oppositeTransfers() async throws {
            try await LiveServer.withTwo { one, two in
                try await one.stocked(100)
                #expect(try await one.move(101, store: 2, 100, "stock-in").status == 201)
                let answers = try await race(200, one, two) { index, server in
                    let (from, to) = index % 4 < 2 ? (1, 2) : (2, 1)
                    return try await server.post(
                        "/stock-transfers",
                        #"{"product_id": 101, "from_store_id": \#(from), "to_store_id": \#(to), "quantity": 1}"#)
                }
                #expect(answers.allSatisfy { $0.status == 201 })
                #expect(try await one.onHand(101, store: 1) == .integer(100))
                #expect(try await two.onHand(101, store: 2) == .integer(100))
                try await one.expectSound()
            }
        }

        @Test("fifty requests with one key are one request")
        func oneKey() async throws {
            try await LiveServer.withTwo { one, two in
                try await one.stocked(100)
                let answers = try await race(50, one, two) { _, server in
                    try await server.move(101, store: 1, 1, "sale", headers: [("Idempotency-Key", "receipt-1")])
                }
                #expect(answers.allSatisfy { $0.status == 201 })
                #expect(Set(answers.map(\.text)).count == 1)
                #expect(answers.count { $0.headers["Idempotent-Replayed"].isEmpty } == 1)
                #expect(try await one.onHand(101, store: 1) == .integer(99))
                try await one.expectSound()
            }
        }

        /// Sends `count` requests at once, through both servers in turn.
        private func race(
            _ count: Int, _ one: LiveServer, _ two: LiveServer,
            _ send: @escaping @Sendable (Int, LiveServer) async throws -> Answer
        ) async throws -> [Answer] {
            try await withThrowingTaskGroup { group in
                for index in 0..<count {
                    group.addTask { try await send(index, index % 2 == 0 ? one : two) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
    }
}
