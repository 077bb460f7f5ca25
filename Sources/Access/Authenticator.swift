public import Inventory
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Finds out who presents an API key.
///
/// A verified key is remembered for five seconds from the moment its look-up began, so a revoked one is refused within
/// five seconds. Requests that present the same key at the same time share one look-up.
public final class Authenticator: Sendable {
    private typealias Verification = Task<Result<Principal?, LedgerError>, Never>

    private struct State {
        var cache: CredentialCache
        var verifications: [Substring: Verification] = [:]
    }

    private static let memory = Duration.seconds(5)
    private let keys: any APIKeyStoring
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state: Mutex<State>

    /// - Parameter capacity: how many verified keys are remembered at most.
    public convenience init(keys: any APIKeyStoring, capacity: Int = 10_000) {
        self.init(keys: keys, capacity: capacity, now: { ContinuousClock.now })
    }

    init(keys: any APIKeyStoring, capacity: Int, now: @escaping @Sendable () -> ContinuousClock.Instant) {
        self.keys = keys
        self.now = now
        state = Mutex(State(cache: CredentialCache(capacity: capacity)))
    }

    /// The principal of a key that was verified moments ago.
    public func remembered(_ credential: Substring) -> Principal? {
        state.withLock { $0.cache.principal(presenting: credential, at: now()) }
    }

    /// The principal that a key speaks for; `nil` if it is unknown, wrong, expired or revoked: which one is not told.
    /// - Throws: `.unavailable`, `.overloaded` when that cannot be found out.
    public func principal(presenting credential: Substring) async throws(LedgerError) -> Principal? {
        let now = now()
        if let principal = state.withLock({ $0.cache.principal(presenting: credential, at: now) }) { return principal }
        guard let key = APIKey(credential) else { return nil }
        return try await verification(of: key, presented: credential, at: now).value.get()
    }

    private func verification(
        of key: APIKey, presented credential: Substring, at now: ContinuousClock.Instant
    ) -> Verification {
        state.withLock { state in
            if let running = state.verifications[credential] { return running }
            // It may have ended since the cache was asked.
            if let principal = state.cache.principal(presenting: credential, at: now) {
                return Verification { .success(principal) }
            }
            // A task of its own: who asked first may leave, and the others still get their answer.
            let verification = Verification { await self.verify(key, presented: credential, at: now) }
            state.verifications[credential] = verification
            return verification
        }
    }

    private func verify(
        _ key: APIKey, presented credential: Substring, at now: ContinuousClock.Instant
    ) async -> Result<Principal?, LedgerError> {
        let result = await lookUp(key)
        return state.withLock { state in
            state.verifications[credential] = nil
            return result.map { match in
                guard let match else { return nil }
                let deadline = now + match.memory
                state.cache.remember(match.principal, presenting: credential, until: deadline, at: now)
                return match.principal
            }
        }
    }

    /// The key's principal, and for how long that may be remembered.
    private func lookUp(_ key: APIKey) async -> Result<(principal: Principal, memory: Duration)?, LedgerError> {
        do throws(LedgerError) {
            guard let record = try await keys.apiKey(key.id), key.matches(record.secretHash), record.revokedAt == nil
            else { return .success(nil) }
            let memory = min(Self.memory, record.validity(at: Timestamp(Date())) ?? Self.memory)
            guard memory > .zero else { return .success(nil) }
            return .success((Principal(id: "key:\(record.id)", role: record.role), memory))
        } catch {
            return .failure(error)
        }
    }
}

extension APIKeyRecord {
    /// How long it is until the key expires; `nil` if it never does.
    fileprivate func validity(at now: Timestamp) -> Duration? {
        expiresAt.map { .microseconds($0.microseconds - now.microseconds) }
    }
}

extension Timestamp {
    fileprivate init(_ date: Date) {
        self.init(microseconds: Int64(date.timeIntervalSince1970 * 1_000_000))
    }
}
