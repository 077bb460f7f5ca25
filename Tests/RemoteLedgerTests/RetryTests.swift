import Inventory
import NIOHTTP1
import ServerTesting
import Synchronization
import Testing

@testable import RemoteLedger

@Suite("Retries")
struct RetryTests {
    private let sale = Movement(
        storeID: StoreID(rawValue: 1), productID: ProductID(rawValue: 102), kind: .sale, quantity: Quantity(2)!)
    private static let recorded = """
        {"store_id":1,"position":42,"product_id":102,"movement_type":"sale","quantity":2,"on_hand":17,\
        "recorded_at":"2026-11-20T19:55:00.123456Z"}
        """
    private static let quick = RetryPolicy(attempts: 3, firstDelay: .milliseconds(1), maximumDelay: .seconds(1))

    private func withLedger(
        _ reply: @escaping @Sendable (Int, ScriptedServer.Request) -> ScriptedServer.Reply,
        _ body: (RemoteLedger, ScriptedServer) async throws -> Void
    ) async throws {
        try await ScriptedServer.with(reply) { server, url in
            try await RemoteLedger.with(
                ServerAddress(url)!, key: "khata_k", retries: Self.quick, observer: Unobserved()
            ) {
                ledger in
                try await body(ledger, server)
            }
        }
    }

    private func error(_ body: () async throws -> Void) async -> String {
        do {
            try await body()
            return "none"
        } catch {
            return "\(error)"
        }
    }

    @Test("a movement whose answer was lost is sent again with the same key, and recorded once")
    func lostAnswer() async throws {
        try await withLedger { number, _ in
            number == 0
                ? .hangUp
                : number == 1
                    ? .problem(503, "outcome-unknown", retryAfter: 0)
                    : .answer(201, headers: [("Idempotent-Replayed", "true")], Self.recorded)
        } _: { ledger, server in
            let receipt = try await ledger.record(sale, CommandContext(actor: "a", requestID: "r1"))
            #expect(receipt.isReplay && receipt.value.position == Position(rawValue: 42))
            let requests = server.requests
            #expect(requests.count == 3)
            let keys = Set(requests.map { $0.headers.first(name: "Idempotency-Key") })
            #expect(keys.count == 1 && keys.first??.isEmpty == false)
            #expect(Set(requests.map(\.body)).count == 1)
            #expect(requests[0].headers.first(name: "Authorization") == "Bearer khata_k")
            #expect(requests[0].headers.first(name: "X-Request-Id") == "r1")
        }
    }

    @Test("the caller's key is sent, in quotes")
    func callersKey() async throws {
        let key = IdempotencyKey(principal: "a", key: "till \"3\"", fingerprint: [])
        try await withLedger { _, _ in
            .answer(201, Self.recorded)
        } _: { ledger, server in
            _ = try await ledger.record(sale, CommandContext(actor: "a", requestID: "r", idempotency: key))
            #expect(server.requests.map { $0.headers.first(name: "Idempotency-Key") } == ["\"till \"3\"\""])
        }
    }

    @Test("what was refused is not sent again")
    func refused() async throws {
        try await withLedger { _, _ in
            .problem(409, "insufficient-stock", more: #","on_hand":1,"requested":2"#)
        } _: { ledger, server in
            await #expect {
                try await ledger.record(sale, CommandContext(actor: "a", requestID: "r"))
            } throws: {
                if case .refused(.insufficientStock(onHand: 1, requested: 2))? = $0 as? LedgerError {
                    true
                } else {
                    false
                }
            }
            #expect(server.requests.count == 1)
        }
    }

    @Test("attempts have a limit, and a lost answer is told as what it is")
    func limit() async throws {
        try await withLedger { _, _ in
            .hangUp
        } _: { ledger, server in
            let write = await error { _ = try await ledger.record(sale, CommandContext(actor: "a", requestID: "r")) }
            #expect(write == "outcomeUnknown")
            #expect(server.requests.count == 3)
            let read = await error { _ = try await ledger.product(ProductID(rawValue: 1), Freshness()) }
            #expect(read == "unavailable")
        }
        try await withLedger { number, _ in
            number == 0 ? .hangUp : .problem(503, "overloaded", retryAfter: 0)
        } _: { ledger, _ in
            let write = await error { _ = try await ledger.record(sale, CommandContext(actor: "a", requestID: "r")) }
            #expect(write == "outcomeUnknown", "the first attempt may have been carried out")
        }
        try await withLedger { _, _ in
            .problem(503, "overloaded", retryAfter: 0)
        } _: { ledger, _ in
            let write = await error { _ = try await ledger.record(sale, CommandContext(actor: "a", requestID: "r")) }
            #expect(write == "overloaded")
        }
    }

    @Test("a wait that is longer than the limit is not waited")
    func longRetryAfter() async throws {
        try await withLedger { _, _ in
            .problem(503, "primary-unavailable", retryAfter: 3_600)
        } _: { ledger, server in
            let write = await error { _ = try await ledger.record(sale, CommandContext(actor: "a", requestID: "r")) }
            #expect(write == "unavailable")
            #expect(server.requests.count == 1)
        }
    }

    @Test("who sends more than they may waits for their turn, for as long as their patience lasts")
    func turns() async throws {
        let patient = RetryPolicy(attempts: 1, maximumRateLimitWait: .milliseconds(500))
        for (refusals, outcome) in [(5, "none"), (6, "rejected")] {
            try await ScriptedServer.with { number, _ in
                number < refusals ? .problem(429, "quota-exceeded", retryAfter: 0) : .answer(201, Self.recorded)
            } _: { server, url in
                try await RemoteLedger.with(ServerAddress(url)!, key: "k", retries: patient, observer: Unobserved()) {
                    ledger in
                    let write = await error {
                        _ = try await ledger.record(sale, CommandContext(actor: "a", requestID: "r"))
                    }
                    #expect(write.hasPrefix(outcome))
                    #expect(server.requests.count == 6)
                    #expect(Set(server.requests.map { $0.headers.first(name: "Idempotency-Key") }).count == 1)
                }
            }
        }
    }

    @Test("what cannot be repeated is not: an archival whose answer was lost, a replacement of a version")
    func unrepeatable() async throws {
        let product = #"{"product_id":1,"sku":null,"name":"Tea","category":null,"unit":null}"#
        try await withLedger { _, request in
            request.method == .GET
                ? .answer(200, headers: [("ETag", "\"7-h\""), ("Inventory-Position", "9")], product) : .hangUp
        } _: { ledger, server in
            let id = ProductID(rawValue: 1)
            let context = CommandContext(actor: "a", requestID: "r")
            let archival = await error { _ = try await ledger.change(.archiveProduct(id, ifVersion: .any), context) }
            #expect(archival == "outcomeUnknown")
            #expect(server.requests.map(\.method) == [.GET, .DELETE])
            let change = CatalogChange.replaceProduct(
                id, ProductDetails(name: "T"), ifVersion: .oneOf([Version(Position(rawValue: 7), in: History("h"))]))
            let replacement = await error { _ = try await ledger.change(change, context) }
            #expect(replacement == "outcomeUnknown")
            #expect(server.requests.last?.headers.first(name: "If-Match") == "\"7-h\"")
            #expect(server.requests.count == 3)
        }
    }

    @Test("an answer that is not Khata's is told as one", arguments: [(404, "<html>"), (200, "<html>"), (200, "{}")])
    func somebodyElse(status: Int, text: String) async throws {
        try await withLedger { _, _ in
            .answer(status, text)
        } _: { ledger, server in
            await #expect {
                try await ledger.level(LevelKey(StoreID(rawValue: 1), ProductID(rawValue: 1)), Freshness())
            } throws: {
                if case .rejected? = $0 as? LedgerError { true } else { false }
            }
            #expect(server.requests.count == 1)
        }
    }

    @Test("a server that is not there is unavailable")
    func nobody() async throws {
        let address = ServerAddress("http://127.0.0.1:1")!
        try await RemoteLedger.with(address, key: "k", retries: Self.quick, observer: Unobserved()) { ledger in
            let write = await error { _ = try await ledger.record(sale, CommandContext(actor: "a", requestID: "r")) }
            #expect(write == "unavailable")
            let health = await ledger.health()
            #expect(health.map(\.status) == [.fail])
        }
    }

    @Test("waits are as long as the server asks for, and end")
    func delays() {
        let policy = RetryPolicy(attempts: 4, firstDelay: .milliseconds(100), maximumDelay: .seconds(2))
        let backoff = Duration.milliseconds(100)
        #expect(policy.delay(after: 3, backoff: backoff, retryAfter: nil) == backoff)
        #expect(policy.delay(after: 3, backoff: backoff, retryAfter: .zero) == backoff)
        #expect(policy.delay(after: 3, backoff: backoff, retryAfter: .seconds(1)) == .seconds(1))
        #expect(policy.delay(after: 1, backoff: backoff, retryAfter: .seconds(3)) == nil)
        #expect(policy.delay(after: 4, backoff: backoff, retryAfter: nil) == nil)
    }
}

struct Unobserved: RemoteLedgerObserver {
    func observe(_ observation: RemoteLedgerObservation) {}
}
