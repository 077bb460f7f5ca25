import AuthenticationTesting
import HTTPTypes
import Inventory
import InventoryContract
import Testing

@testable import InventoryHTTP

@Suite("Log of failures")
struct FailureLogTests {
    private let collected = CollectedLog()
    private let log: FailureLog
    private let start = ContinuousClock.now

    init() {
        log = FailureLog(collected.logger)
    }

    private func fail(_ error: LedgerError, after time: Duration = .zero) {
        let request = HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/stores")
        log.add(Problem(error), because: error, request, "id", now: start + time)
    }

    /// How many each line says were not logged before it.
    private func unlogged() -> [Int] {
        collected.text.split(separator: "\n").map { line in
            line.firstMatch(of: /"unlogged": (\d+)/).flatMap { Int($0.1) } ?? 0
        }
    }

    @Test("of many that fail alike, one a second is logged, with how many were not")
    func repetition() {
        for tenth in 0..<25 { fail(.overloaded, after: .milliseconds(100 * tenth)) }
        #expect(unlogged() == [0, 9, 9])
        fail(.unavailable, after: .milliseconds(2_450))
        #expect(unlogged() == [0, 9, 9, 0], "another kind")
        fail(.overloaded, after: .seconds(60))
        #expect(unlogged() == [0, 9, 9, 0, 4])
    }

    @Test(
        "every other failure of the service's own is logged, and nobody else's",
        arguments: [.internalFailure, .outcomeUnknown] as [LedgerError])
    func each(error: LedgerError) {
        for _ in 0..<5 { fail(error) }
        #expect(unlogged() == [0, 0, 0, 0, 0])
        fail(.notFound)
        #expect(unlogged().count == 5)
    }
}
