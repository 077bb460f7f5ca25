import AuthenticationTesting
import HTTPTypes
import InventoryContract
import RateLimiting
import Testing

@testable import InventoryHTTP

@Suite("Security log")
struct SecurityLogTests {
    private let collected = CollectedLog()
    private let now = ContinuousClock.now

    @Test("a refusal is logged with who sent it, without the query, and failures of others are not")
    func logged() {
        let log = SecurityLog(collected.logger)
        add(Problem(.forbidden, "No."), to: log, principal: "key:1")
        add(.notFound, to: log)
        add(Problem(.overloaded, "No."), to: log)
        #expect(collected.lines.count == 1)
        for word in ["security event", "forbidden", "403", "key:1", "10.0.0.1", "/products", "id-1"] {
            #expect(collected.text.contains(word), "\(word)")
        }
        #expect(!collected.text.contains("secret"))
    }

    @Test("a flood from one sender, or from many, is a few lines, which count the others; another sender's is not lost")
    func flood() {
        let log = SecurityLog(collected.logger)
        for _ in 0..<1_000 { add(Problem(.unauthenticated, "No."), to: log) }
        #expect(collected.lines.count == 1)
        add(Problem(.unauthenticated, "No."), to: log, address: 2)
        #expect(collected.lines.count == 2)
        #expect(collected.text.contains("999"))
        for address in 0..<1_000 { add(Problem(.unauthenticated, "No."), to: log, address: address + 3) }
        #expect(collected.lines.count == 10)
        add(Problem(.forbidden, "No."), to: log)
        #expect(collected.lines.count == 11)
        add(Problem(.unauthenticated, "No."), to: log, after: .seconds(1))
        #expect(collected.lines.count == 12)
        #expect(collected.text.contains("992"))
    }

    private func add(
        _ problem: Problem, to log: SecurityLog, principal: String? = nil, address: Int = 1, after: Duration = .zero
    ) {
        let sender = SecurityLog.Sender(
            principal: principal,
            address: ClientAddress(bytes: [10, 0, UInt8(address >> 8), UInt8(address & 255)]))
        log.add(
            problem, from: sender,
            HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/products?q=secret"), "id-1",
            now: now + after)
    }
}

extension CollectedLog {
    fileprivate var lines: [Substring] { text.split(separator: "\n") }
}
