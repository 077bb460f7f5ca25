public import Inventory
public import Logging
public import ServiceLifecycle
import Synchronization

/// The keys of tokens: fixed ones, and those of a source, which is read again as long as this service runs.
///
/// While the source cannot be read, or has no JWK Set, its last keys are accepted for a limited time. A set without keys is
/// just that: none is accepted any more.
public final class TokenKeySet: Service {
    private struct State {
        var keys: TokenKeys
        /// What the source last had.
        var contents: [UInt8]?
        var validUntil: ContinuousClock.Instant
        var lastRead: ContinuousClock.Instant?
        var failure: TokenKeysError?
        var reading: Task<Void, Never>?
    }

    /// An unknown `kid` has the source read before its time at most this often.
    private static let earlyInterval = Duration.seconds(30)

    private let fixed: TokenKeys
    private let source: TokenKeysSource?
    private let patience: Duration
    private let clock: AccessClock
    private let logger: Logger
    private let state: Mutex<State>

    /// - Parameter patience: How long keys are accepted after the source was last read.
    public convenience init(
        fixed: TokenKeys = TokenKeys(), source: TokenKeysSource?, patience: Duration, logger: Logger
    ) {
        self.init(fixed: fixed, source: source, patience: patience, clock: AccessClock(), logger: logger)
    }

    init(fixed: TokenKeys, source: TokenKeysSource?, patience: Duration, clock: AccessClock, logger: Logger) {
        self.fixed = fixed
        self.source = source
        self.patience = patience
        self.clock = clock
        self.logger = logger
        state = Mutex(State(keys: fixed, validUntil: clock.now()))
    }

    subscript(id: String) -> TokenKey? {
        let now = clock.now()
        return state.withLock { now < $0.validUntil ? $0.keys[id] : fixed[id] }
    }

    /// Reads the source, unless it is being read: then waits for that.
    /// - Returns: Why it cannot be used, if so.
    @discardableResult
    public func read() async -> TokenKeysError? {
        guard let source else { return nil }
        let reading = state.withLock { state in
            if let reading = state.reading { return reading }
            // An unstructured task: cancelling the first caller does not cancel it for the others.
            let reading = Task { await self.read(source) }
            state.reading = reading
            return reading
        }
        await reading.value
        return state.withLock { $0.failure }
    }

    /// Reads a remote source for a token with an unknown `kid`: its keys may have been rotated.
    /// - Returns: Whether it was read.
    func readEarly() async -> Bool {
        guard source?.isRemote == true else { return false }
        let now = clock.now()
        let isDue = state.withLock { state in
            state.reading != nil || state.lastRead.map { $0 + Self.earlyInterval <= now } ?? true
        }
        if isDue { await read() }
        return isDue
    }

    private func read(_ source: TokenKeysSource) async {
        let last = state.withLock { state in
            state.lastRead = clock.now()
            return state.contents
        }
        do {
            let contents = try await source.contents()
            let keys: TokenKeys? = if contents == last { nil } else { try await self.keys(in: contents, of: source) }
            let now = clock.now()
            state.withLock { state in
                if let keys { (state.keys, state.contents) = (keys, contents) }
                (state.validUntil, state.failure, state.reading) = (now + patience, nil, nil)
            }
            if let keys { logger.notice("the token keys were read", metadata: ["keys": "\(keys.count - fixed.count)"]) }
        } catch {
            let error = error as? TokenKeysError ?? TokenKeysError("\(error)")
            let isNew = state.withLock { state in
                defer { (state.failure, state.reading) = (error, nil) }
                return state.failure != error
            }
            guard isNew else { return }
            logger.error(
                "the token keys cannot be read; the last ones are accepted for some time",
                metadata: ["error": "\(error)", "seconds": "\(patience.components.seconds)"])
        }
    }

    private func keys(in contents: [UInt8], of source: TokenKeysSource) async throws -> TokenKeys {
        var keys = fixed
        try await keys.add(jwks: contents, ignoringSecrets: source.isRemote)
        return keys
    }

    public func run() async {
        // A service that ends stops the others.
        guard let source else { return (try? await gracefulShutdown()) ?? () }
        await run(every: source.interval)
    }

    func run(every interval: Duration) async {
        await cancelWhenGracefulShutdown {
            var isRead = true
            // A failure is followed up soon.
            while (try? await Task.sleep(for: isRead ? interval : min(interval, Self.earlyInterval))) != nil {
                isRead = await self.read() == nil
            }
        }
    }

    /// A warning while the source cannot be read; `nil` without a source.
    public func health() -> ComponentHealth? {
        guard source != nil else { return nil }
        let now = clock.now()
        let output: String? = state.withLock { state in
            let left = max(.zero, state.validUntil - now).components.seconds
            // A source that does not respond does not fail either.
            guard state.failure != nil || left == 0 else { return nil }
            return left > 0
                ? "they cannot be read: the last ones are accepted for \(left) more seconds"
                : "they cannot be read, and the last ones are too old: their tokens are refused"
        }
        return ComponentHealth(name: "tokens:keys", status: output == nil ? .pass : .warn, output: output)
    }
}
