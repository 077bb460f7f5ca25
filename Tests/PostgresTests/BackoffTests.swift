import Testing

@testable import Postgres

@Suite("backoff")
struct BackoffTests {
    private let failure = PostgresError(.connection, "no route to host")

    @Test("repeats the last failure until it is time, later after each failure, up to a limit")
    func growth() {
        var backoff = Backoff()
        var now = ContinuousClock.now
        #expect(backoff.failure(at: now) == nil)
        for wait in [50, 100, 200, 400, 800, 1000, 1000] {
            backoff.failed(failure, at: now)
            #expect(backoff.failure(at: now + .milliseconds(wait) * 0.499)?.message == failure.message)
            #expect(backoff.failure(at: now + .milliseconds(wait)) == nil)
            now += .milliseconds(wait)
        }
        backoff.succeeded()
        #expect(backoff.failure(at: now) == nil)
        backoff.failed(failure, at: now)
        #expect(backoff.failure(at: now + Backoff.first) == nil)
    }
}
