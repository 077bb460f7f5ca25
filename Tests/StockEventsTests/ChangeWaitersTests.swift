import Inventory
import Testing

@testable import StockEvents

@Suite("Readers that wait for changes")
struct ChangeWaitersTests {
    private static func head(_ store: Int64, _ position: Int64) -> LedgerHead {
        LedgerHead(
            storeID: StoreID(rawValue: store), position: Position(rawValue: position), hash: .origin,
            recordedAt: Timestamp(microseconds: 0))
    }

    /// Waits until as many readers wait for these stores.
    private func awaitReaders(_ waiters: ChangeWaiters, of stores: Set<Int64>) async {
        while waiters.awaitedStores(expiring: .now) != Set(stores.map(StoreID.init)) { await Task.yield() }
    }

    @Test("are woken by the stores that they wait for, and by nothing that they have seen")
    func wakes() async throws {
        let waiters = ChangeWaiters()
        let far = ContinuousClock.now + .seconds(600)
        async let one: Void = waiters.wait(
            ChangeFollower(waiters), beyond: [StoreID(rawValue: 1): Position(rawValue: 5)], until: far)
        async let both: Void = waiters.wait(
            ChangeFollower(waiters),
            beyond: [StoreID(rawValue: 2): Position(rawValue: 6), StoreID(rawValue: 3): Position(rawValue: 3)],
            until: far)
        await awaitReaders(waiters, of: [1, 2, 3])
        waiters.wake([Self.head(1, 5), Self.head(2, 6), Self.head(3, 2), Self.head(4, 9)])
        await awaitReaders(waiters, of: [1, 2, 3])
        waiters.wake([Self.head(1, 6)])
        try await one
        await awaitReaders(waiters, of: [2, 3])
        waiters.wake([Self.head(3, 4)])
        try await both
        #expect(waiters.awaitedStores(expiring: .now).isEmpty)
    }

    @Test("wait no longer than their deadline, they stay and the service runs")
    func ends() async throws {
        let waiters = ChangeWaiters()
        let far = ContinuousClock.now + .seconds(600)
        let looks = Task {
            while !Task.isCancelled {
                _ = waiters.awaitedStores(expiring: .now)
                await Task.yield()
            }
        }
        let beginning = [StoreID(rawValue: 1): Position.zero]
        try await waiters.wait(ChangeFollower(waiters), beyond: beginning, until: .now)
        looks.cancel()

        let leaving = ChangeFollower(waiters)
        async let left: Void = waiters.wait(leaving, beyond: beginning, until: far)
        await awaitReaders(waiters, of: [1])
        leaving.leave()
        try await left
        #expect(waiters.awaitedStores(expiring: .now).isEmpty)
        try await waiters.wait(leaving, beyond: beginning, until: far)

        async let closed: Void = waiters.wait(ChangeFollower(waiters), beyond: beginning, until: far)
        await awaitReaders(waiters, of: [1])
        waiters.close()
        try await closed
        try await waiters.wait(ChangeFollower(waiters), beyond: beginning, until: far)
    }

    @Test("are limited in number")
    func capacity() async throws {
        let waiters = ChangeWaiters(capacity: 1)
        let far = ContinuousClock.now + .seconds(600)
        let beginning = [StoreID(rawValue: 1): Position.zero]
        async let first: Void = waiters.wait(ChangeFollower(waiters), beyond: beginning, until: far)
        await awaitReaders(waiters, of: [1])
        await #expect {
            try await waiters.wait(ChangeFollower(waiters), beyond: beginning, until: far)
        } throws: { error in
            if case LedgerError.overloaded = error { true } else { false }
        }
        waiters.close()
        try await first
    }
}
