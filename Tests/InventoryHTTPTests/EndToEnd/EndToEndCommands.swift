import AMQP
import Access
import Inventory
import LedgerTesting
import NIOPosix
import PostgresLedger
import RabbitMQ
import ServerTesting
import StockCommands
import Testing

@testable import InventoryHTTP

extension EndToEnd {
    @Suite("Prefer: respond-async")
    struct Commands {
        private static let prefer = [("Prefer", "respond-async, wait=5")]

        private static func client(_ broker: RabbitMQServer) throws -> AMQPClient {
            var configuration = try AMQPConfiguration(url: broker.url)
            configuration.requestTimeout = .seconds(60)
            configuration.confirmTimeout = RabbitMQCommandSender.confirmTimeout
            return try AMQPClient(
                configuration, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: TestDatabase.quiet)
        }

        private typealias MakeConsumer = @Sendable (PostgresLedger) throws -> CommandConsumer<RabbitMQCommands>

        /// Lends a server that sends to a queue, and what takes commands from it.
        private static func with(
            _ body:
                @Sendable (
                    LiveServer, RabbitMQServer, @Sendable (PostgresLedger) throws -> CommandConsumer<RabbitMQCommands>
                ) async throws ->
                Void
        ) async throws {
            try await RabbitMQServer.with { broker in
                let sender = RabbitMQCommandSender(try client(broker))
                var setup = LiveServer.Setup()
                setup.commands = (CommandQueueAccess(sender, secret: [1, 2, 3]), [sender])
                try await LiveServer.with(setup) { live in
                    try await live.stocked()
                    try await body(live, broker) { ledger in
                        CommandConsumer(
                            RabbitMQCommands(try client(broker), prefetch: 10), ledger: ledger,
                            credentials: ledger, limits: CommandLimits(input: InputLimits(), batch: 10),
                            logger: TestDatabase.quiet)
                    }
                }
            }
        }

        private static func headers(_ key: String) -> [(String, String)] { prefer + [("Idempotency-Key", key)] }

        private static let requests = [
            ("/stores/1/stock", #"{"product_id": 101, "quantity": 5, "movement_type": "stock-in"}"#),
            ("/stock-movements", #"{"store_id": 1, "product_id": 101, "quantity": 1, "movement_type": "sale"}"#),
            ("/stock-transfers", #"{"product_id": 101, "from_store_id": 1, "to_store_id": 2, "quantity": 1}"#),
            (
                "/stock-movements/batch",
                #"{"movements": [{"store_id": 1, "product_id": 101, "quantity": 1, "movement_type": "sale"}]}"#
            ),
            ("/stock/move", #"{"product": "Product 103", "type": "IN", "quantity": 1}"#),
        ]
        private static let refused = (
            "/stock-movements", #"{"store_id": 1, "product_id": 101, "quantity": 999999, "movement_type": "sale"}"#
        )

        @Test("every change of stock is accepted, pending, and then done or refused, also to those who ask without it")
        func accepted() async throws {
            try await Self.with { live, broker, consumer in
                try await eventually("the sender is connected") {
                    try await live.post(Self.refused.0, Self.refused.1, headers: Self.headers("refused")).status == 202
                }
                var locations: [String] = []
                for (number, (path, body)) in Self.requests.enumerated() {
                    let response = try await live.post(path, body, headers: Self.headers("key-\(number)"))
                    #expect(response.status == 202, "\(path): \(response.text)")
                    #expect(response.header("preference-applied") == "respond-async")
                    let location = try #require(response.header("location"))
                    let pending = try await live.get(location)
                    #expect(pending.status == 200 && pending["status"] == "pending", "\(pending.text)")
                    #expect(pending["id"] == response["id"])
                    locations.append(location)
                }
                let lost = try await live.post(Self.refused.0, Self.refused.1, headers: Self.headers("refused"))
                let refusal = try #require(lost.header("location"))
                let all = locations + [refusal]
                try await live.database.withLedger { ledger in
                    try await running([try consumer(ledger)]) {
                        for location in all {
                            try await eventually("\(location) is done") {
                                try await live.get(location)["status"] != "pending"
                            }
                        }
                    }
                }
                for ((path, body), (number, location)) in zip(Self.requests, locations.enumerated()) {
                    let done = try await live.get(location)
                    #expect(done["status"] == "done", "\(done.text)")
                    // The same request again, in whichever way: what was done is repeated.
                    let again = try await live.post(path, body, headers: [("Idempotency-Key", "key-\(number)")])
                    #expect((200...201).contains(again.status), "\(path): \(again.text)")
                    #expect(again.header("idempotent-replayed") == "true")
                    #expect(again.header("preference-applied") == nil)
                    if number < 4 { #expect(done.text.contains(again.text), "\(done.text)") }
                }
                let outcome = try await live.get(refusal)
                #expect(outcome["status"] == "refused" && outcome["problem"]?["code"] == "insufficient-stock")
                let sync = try await live.post(
                    Self.refused.0, Self.refused.1, headers: [("Idempotency-Key", "refused")])
                #expect(sync.status == 409)
                try await live.expectSound()
            }
        }

        @Test("only who sent a command may ask for it, and only one that was sent; without a confirm it is 503")
        func refusals() async throws {
            try await Self.with { live, broker, _ in
                let (path, body) = Self.requests[0]
                try await eventually("the sender is connected") {
                    try await live.post(path, body, headers: Self.prefer).status == 202
                }
                let location = try #require(
                    try await live.post(path, body, headers: Self.prefer).header("location"))
                let last = location.last == "A" ? "B" : "A"
                for (path, role) in [
                    (location, .clerk), (location.dropLast(2) + last + "A", .admin), ("/commands/x", .admin),
                ] as [(String, Role)] {
                    let unknown = try await live.get(path, as: role)
                    #expect(unknown.status == 404, "\(unknown.text)")
                }

                let invalid = try await live.post(path, #"{"product_id": 101}"#, headers: Self.prefer)
                #expect(invalid.status == 422)
                let foreign = try await live.post("/stores/77/stock", body, headers: Self.prefer)
                #expect(foreign.status == 202)

                broker.kill()
                let unconfirmed = try await live.post(path, body, headers: Self.prefer)
                #expect(unconfirmed.status == 503 && unconfirmed.code == "queue-unavailable")
                #expect(unconfirmed.header("preference-applied") == nil)
            }
        }

        @Test("without a queue, requests are executed at once")
        func withoutQueue() async throws {
            try await LiveServer.with { live in
                try await live.stocked()
                let (path, body) = Self.requests[0]
                let response = try await live.post(path, body, headers: Self.prefer)
                #expect(response.status == 201 && response.header("preference-applied") == nil)
            }
        }
    }
}
