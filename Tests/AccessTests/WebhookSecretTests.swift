import Inventory
import Testing

@testable import Access

@Suite("Secrets of webhooks")
struct WebhookSecretTests {
    @Test("sign as the test vector of Standard Webhooks does")
    func vector() throws {
        let secret = try #require(WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let signature = secret.signature(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", seconds: 1_614_265_330, body: #"{"test": 2432232314}"#)
        #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test("have 24 to 64 bytes, and are shown to nobody who prints them")
    func texts() throws {
        let secret = WebhookSecret.generate()
        #expect(secret.text.wholeMatch(of: /whsec_[A-Za-z0-9+\/]{43}=/) != nil)
        #expect(WebhookSecret(secret.text) == secret && WebhookSecret.generate() != secret)
        var dumped = ""
        dump(WebhookRecord.Secret(secret), to: &dumped)
        for shown in ["\(secret)", String(reflecting: secret), "\(WebhookRecord.Secret(secret))", dumped] {
            #expect(
                !shown.contains(secret.text.dropFirst(6)) && !shown.contains("\(secret.bytes[0]), \(secret.bytes[1])"))
        }
        for (count, isValid) in [(23, false), (24, true), (64, true), (65, false)] {
            let text = "whsec_" + Base64.encode([UInt8](repeating: 7, count: count), .padded)
            #expect((WebhookSecret(text) != nil) == isValid, "\(count)")
        }
        #expect(WebhookSecret("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") == nil && WebhookSecret("whsec_!") == nil)
    }

    @Test("are replaced: the old one signs along for some time")
    func rotation() throws {
        let now = Timestamp("2026-11-22T12:00:00Z")!
        let later = Timestamp("2026-11-22T13:00:00Z")!
        let secrets = (0..<8).map { _ in WebhookSecret.generate() }
        var record = WebhookRecord(
            id: "0123456789ab", url: "https://example.com", scope: .only([StoreID(rawValue: 2)]), types: ["a", "b"],
            secrets: [WebhookRecord.Secret(secrets[0])], createdAt: now)
        record.rotate(to: secrets[1], overlap: .seconds(3_600), at: now)
        #expect(record.secrets(at: now) == [secrets[1], secrets[0]])
        #expect(record.secrets(at: later) == [secrets[1]])
        record.rotate(to: secrets[2], overlap: .zero, at: now)
        #expect(record.secrets(at: now) == [secrets[2]], "at once")
        for secret in secrets[3...] { record.rotate(to: secret, overlap: .seconds(3_600), at: now) }
        #expect(record.secrets(at: now) == secrets[3...].reversed(), "five at most")

        record.disabledAt = now
        record.disabledReason = "410"
        record.replayed = WebhookRecord.Replay(storeID: StoreID(rawValue: 2), after: Position(rawValue: 7), at: now)
        #expect(try WebhookRecord(id: record.id, definition: record.definition) == record)
        for secret in secrets { #expect(!record.auditDetail.contains(secret.text)) }
        record.delete(at: later)
        #expect(record.secrets.isEmpty && record.deletedAt == later)
        #expect(try WebhookRecord(id: record.id, definition: record.definition) == record)
    }
}
