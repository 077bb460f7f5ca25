import Inventory
import NIOHTTP1
import ServerTesting
import Testing

@testable import RemoteLedger

@Suite("What the contract has no words for")
struct RejectionTests {
    private let movement = Movement(
        storeID: StoreID(rawValue: 1), productID: ProductID(rawValue: 102), kind: .stockIn, quantity: Quantity(2)!)
    private let past = Timestamp(microseconds: 1_000_000)

    /// Whether `body` is rejected before the server hears of it.
    private func isRejected(_ body: (RemoteLedger) async throws -> Void) async throws -> Bool {
        var isRejected = false
        try await ScriptedServer.with { _, _ in
            .problem(500, "internal")
        } _: { server, url in
            try await RemoteLedger.with(
                ServerAddress(url)!, key: "k", retries: RetryPolicy(attempts: 1), observer: Unobserved()
            ) {
                ledger in
                do {
                    try await body(ledger)
                } catch LedgerError.rejected {
                    isRejected = server.requests.isEmpty
                }
            }
        }
        return isRejected
    }

    @Test("times of their own, of commands and of movements, are rejected and not lost")
    func recordedAt() async throws {
        let ofCommand = CommandContext(actor: "a", requestID: "r", recordedAt: past)
        var dated = movement
        dated.recordedAt = past
        let ofMovement = dated
        let now = CommandContext(actor: "a", requestID: "r")
        let rejections = [
            try await isRejected { _ = try await $0.record(movement, ofCommand) },
            try await isRejected { _ = try await $0.record(ofMovement, now) },
            try await isRejected { _ = try await $0.record(Batch([movement, ofMovement], isAtomic: true), now) },
            try await isRejected { _ = try await $0.change(.createStore(nil, name: "Shop"), ofCommand) },
        ]
        #expect(rejections == [true, true, true, true])
    }

    @Test("so are keys that are to be kept for good, and products that are added by name")
    func others() async throws {
        let key = IdempotencyKey(principal: "a", key: "k", fingerprint: [], isPermanent: true)
        let forGood = CommandContext(actor: "a", requestID: "r", idempotency: key)
        let now = CommandContext(actor: "a", requestID: "r")
        let rejections = [
            try await isRejected { _ = try await $0.record(movement, forGood) },
            try await isRejected { _ = try await $0.change(.addProduct(named: "Tea"), now) },
        ]
        #expect(rejections == [true, true])
    }

    @Test("a server that does not know imports is told from one that refuses them")
    func olderServer() async throws {
        let context = CommandContext(
            actor: "import", requestID: "r", importing: .movement(movement), as: .row(externalID: "A1"))
        try await ScriptedServer.with { _, _ in
            .problem(
                422, "invalid-body", more: #","errors":[{"pointer":"/import","detail":"is not a field of this"}]"#)
        } _: { server, url in
            try await RemoteLedger.with(ServerAddress(url)!, key: "k", observer: Unobserved()) { ledger in
                _ = await #expect {
                    try await ledger.record(movement, context)
                } throws: { error in
                    if case LedgerError.rejected(let reason) = error { reason.contains("older") } else { false }
                }
            }
            #expect(server.requests.map(\.body).first?.contains(#""import":{"external_id":"A1"}"#) == true)
            #expect(server.requests.first?.headers.contains(name: "Idempotency-Key") == false)
        }
    }
}
