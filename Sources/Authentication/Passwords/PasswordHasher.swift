public import Access
import Foundation
public import Inventory
import NIOPosix
import RateLimiting
import Synchronization

/// Hashes passwords on its own threads, a few at a time: each takes a core and 16 MiB for a fifth of a second or so,
/// too much for the cooperative pool, and for the machine's memory without a limit.
public final class PasswordHasher: Sendable {
    /// One per two cores, at most four.
    static let threads = min(4, max(1, ProcessInfo.processInfo.activeProcessorCount / 2))

    private struct Job {
        let work: @Sendable () -> Void
        let refuse: @Sendable () -> Void
    }

    private struct State {
        var queue: HashingQueue<Job>
        var idleThreads: Int
    }

    private let cost: ScryptCost
    /// Hashed for unknown users, so that timing does not reveal which users exist.
    private let decoy: PasswordHash
    private let threads: NIOThreadPool
    private let state: Mutex<State>

    /// - Parameter waiting: How many may wait for a thread, of known logins and of others each; more are refused as
    ///   overloaded.
    public convenience init(waiting: Int) {
        self.init(waiting: waiting, cost: .standard)
    }

    init(waiting: Int, cost: ScryptCost, threads: Int = PasswordHasher.threads) {
        self.cost = cost
        decoy = PasswordHash(decoyOf: cost)
        state = Mutex(State(queue: HashingQueue(capacity: waiting), idleThreads: threads))
        self.threads = NIOThreadPool(numberOfThreads: threads)
        self.threads.start()
    }

    deinit {
        threads.shutdownGracefully { _ in }
    }

    /// - Throws: `.overloaded`.
    public func hash(_ password: Password) async throws(LedgerError) -> PasswordHash {
        try await run(isKnown: true) { [cost] in PasswordHash(of: password, cost: cost) }
    }

    /// Why a user cannot have a password.
    public enum Refusal: Error {
        /// The present one is another.
        case wrong
        /// See ``Password/isCommon(besides:)``.
        case common
    }

    /// Hashes what a user wants as their next password. Logins that are known come first.
    /// - Throws: `.overloaded`.
    public func hash(
        _ password: Password, of user: UserRecord, replacing present: Password
    ) async throws(LedgerError) -> Result<PasswordHash, Refusal> {
        try await run(isKnown: false) { [cost] in
            guard PasswordHash(user.passwordHash)?.matches(present) == true else { return .failure(.wrong) }
            guard !password.isCommon(besides: [user.name.description]) else { return .failure(.common) }
            return .success(PasswordHash(of: password, cost: cost))
        }
    }

    /// Whether the hash is the password's. Takes the same time if there is no hash, or an invalid one.
    /// - Parameter isKnown: Whether the login has succeeded before: those come first.
    /// - Throws: `.overloaded`.
    func check(
        _ password: Password, against hash: PasswordHash?, from site: ClientAddress? = nil, isKnown: Bool
    ) async throws(LedgerError) -> Bool {
        try await run(from: site, isKnown: isKnown) { [decoy] in
            let matches = (hash ?? decoy).matches(password)
            return matches && hash != nil
        }
    }

    /// Does what takes a thread for long.
    func run<Value: Sendable>(
        from site: ClientAddress? = nil, isKnown: Bool, _ work: @escaping @Sendable () -> Value
    ) async throws(LedgerError) -> Value {
        let value = await withCheckedContinuation { (continuation: CheckedContinuation<Value?, Never>) in
            let job = Job {
                continuation.resume(returning: work())
            } refuse: {
                continuation.resume(returning: nil)
            }
            enqueue(job, from: site, isKnown: isKnown)
        }
        guard let value else { throw .overloaded }
        return value
    }

    private func enqueue(_ job: Job, from site: ClientAddress?, isKnown: Bool) {
        let (isStarted, displaced) = state.withLock { state in
            guard state.idleThreads == 0 else {
                state.idleThreads -= 1
                return (true, Job?.none)
            }
            return (false, state.queue.add(job, from: site, isKnown: isKnown))
        }
        displaced?.refuse()
        guard isStarted else { return }
        threads.submit { _ in
            lowerPriority()
            var next: Job? = job
            while let job = next {
                job.work()
                next = self.state.withLock { state in
                    let next = state.queue.next()
                    if next == nil { state.idleThreads += 1 }
                    return next
                }
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
