public import Access
import Foundation
public import Inventory
import NIOPosix
import Synchronization

/// Hashes passwords on its own threads, a few at a time: each takes a core and 16 MiB for a fifth of a second or so,
/// too much for the cooperative pool, and for the machine's memory without a limit.
public final class PasswordHasher: Sendable {
    /// One per two cores, at most four.
    static let threads = min(4, max(1, ProcessInfo.processInfo.activeProcessorCount / 2))

    private let cost: ScryptCost
    /// Hashed for unknown users, so that timing does not reveal which users exist.
    private let decoy: PasswordHash
    private let maximum: Int
    private let threads: NIOThreadPool
    private let admitted = Mutex(0)

    /// - Parameter waiting: How many may wait for a thread; more are refused as overloaded.
    public convenience init(waiting: Int) {
        self.init(waiting: waiting, cost: .standard)
    }

    init(waiting: Int, cost: ScryptCost, threads: Int = PasswordHasher.threads) {
        self.cost = cost
        decoy = PasswordHash(decoyOf: cost)
        maximum = threads + waiting
        self.threads = NIOThreadPool(numberOfThreads: threads)
        self.threads.start()
    }

    deinit {
        threads.shutdownGracefully { _ in }
    }

    /// - Throws: `.overloaded`.
    public func hash(_ password: Password) async throws(LedgerError) -> PasswordHash {
        try await run { [cost] in PasswordHash(of: password, cost: cost) }
    }

    /// Whether the hash is the password's. Takes the same time if there is no hash, or an invalid one.
    /// - Throws: `.overloaded`.
    func check(_ password: Password, against hash: PasswordHash?) async throws(LedgerError) -> Bool {
        try await run { [decoy] in
            let matches = (hash ?? decoy).matches(password)
            return matches && hash != nil
        }
    }

    /// Does what takes a thread for long.
    func run<Value: Sendable>(
        _ work: @escaping @Sendable () -> Value
    ) async throws(LedgerError) -> Value {
        let isAdmitted = admitted.withLock { admitted in
            guard admitted < maximum else { return false }
            admitted += 1
            return true
        }
        guard isAdmitted else { throw .overloaded }
        defer { admitted.withLock { $0 -= 1 } }
        return await withCheckedContinuation { continuation in
            threads.submit { _ in
                lowerPriority()
                continuation.resume(returning: work())
            }
        }
    }
}

/// The system gives the calling thread what others leave of the cores: on Linux, priorities are threads' own.
private func lowerPriority() {
    #if os(Linux)
        _ = setpriority(__priority_which_t(UInt32(PRIO_PROCESS.rawValue)), 0, 10)
    #endif
}

extension PasswordHash {
    /// A hash that no password has.
    fileprivate init(decoyOf cost: ScryptCost) {
        self.init(cost: cost, salt: [UInt8](repeating: 0, count: 16), hash: [UInt8](repeating: 0, count: 32))
    }
}
