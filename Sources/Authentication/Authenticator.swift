public import Access
public import Inventory
public import Logging
import Synchronization

/// Finds out who presents a credential: an API key, a JWT, or a user's name and password.
///
/// A verified credential is remembered for five seconds from the moment its verification began, so a revoked one is
/// refused within five seconds. Requests that present the same credential at the same time share one verification.
public final class Authenticator: Sendable {
    private typealias Verification = Task<Result<Principal?, LedgerError>, Never>

    private struct State {
        var cache: CredentialCache
        var verifications: [PresentedCredential: Verification] = [:]
    }

    private static let memory = Duration.seconds(5)
    private let verifier: CredentialVerifier
    private let clock: AccessClock
    private let state: Mutex<State>

    /// - Parameters:
    ///   - uses: Is told which keys are used; somebody runs it.
    ///   - passwords: Without it, `Basic` is not accepted.
    ///   - tokens: Without it, no JWT is.
    ///   - capacity: How many verified credentials are remembered at most.
    public convenience init(
        credentials: any CredentialStoring, uses: KeyUses, passwords: PasswordHasher?, tokens: TokenVerifier?,
        capacity: Int = 10_000, logger: Logger
    ) {
        let clock = AccessClock()
        self.init(
            CredentialVerifier(
                credentials: credentials, uses: uses, passwords: passwords, tokens: tokens, clock: clock,
                logger: logger),
            capacity: capacity, clock: clock)
    }

    init(_ verifier: CredentialVerifier, capacity: Int, clock: AccessClock) {
        self.verifier = verifier
        self.clock = clock
        state = Mutex(State(cache: CredentialCache(capacity: capacity)))
    }

    /// Whether users may present their password (`Basic`).
    public var acceptsPasswords: Bool { verifier.acceptsPasswords }

    /// The principal of a credential that was verified in the last seconds: one look into memory.
    /// - Parameter authorization: The value of the `Authorization` header.
    public func remembered(_ authorization: String) -> Principal? {
        guard let presented = PresentedCredential(authorization) else { return nil }
        let now = clock.now()
        return state.withLock { $0.cache.principal(presenting: presented, at: now) }
    }

    /// Whether a credential was good some minutes ago. Who presents it is no stranger, though it has to be verified again.
    /// - Parameter authorization: The value of the `Authorization` header.
    public func isRecentlyVerified(_ authorization: String) -> Bool {
        guard let presented = PresentedCredential(authorization) else { return false }
        let now = clock.now()
        return state.withLock { $0.cache.isRecentlyVerified(presented, at: now) }
    }

    /// The principal that a credential speaks for; `nil` if it is unknown, wrong, expired or revoked: which one is not
    /// told.
    /// - Parameter authorization: The value of the `Authorization` header.
    /// - Throws: `.unavailable`, `.overloaded` when that cannot be found out.
    public func principal(presenting authorization: String) async throws(LedgerError) -> Principal? {
        guard let presented = PresentedCredential(authorization), let credential = Credential(presented) else {
            return nil
        }
        return try await verification(of: credential, presented: presented, at: clock.now()).value.get()
    }

    private func verification(
        of credential: Credential, presented: PresentedCredential, at now: ContinuousClock.Instant
    ) -> Verification {
        state.withLock { state in
            if let running = state.verifications[presented] { return running }
            if let principal = state.cache.principal(presenting: presented, at: now) {
                return Verification { .success(principal) }
            }
            // A task of its own: who asked first may leave, and the others still get their answer.
            let verification = Verification { await self.verify(credential, presented: presented, at: now) }
            state.verifications[presented] = verification
            return verification
        }
    }

    private func verify(
        _ credential: Credential, presented: PresentedCredential, at now: ContinuousClock.Instant
    ) async -> Result<Principal?, LedgerError> {
        let result: Result<CredentialVerifier.Verified?, LedgerError>
        do throws(LedgerError) {
            result = .success(try await verifier.verify(credential))
        } catch {
            result = .failure(error)
        }
        return state.withLock { state in
            state.verifications[presented] = nil
            return result.map { verified in
                guard let verified else {
                    state.cache.forget(presented)
                    return nil
                }
                let deadline = now + min(Self.memory, verified.validity ?? Self.memory)
                state.cache.remember(verified.principal, presenting: presented, until: deadline, at: now)
                return verified.principal
            }
        }
    }
}
