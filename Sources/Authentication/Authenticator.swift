public import Access
public import Inventory
public import Logging
import Synchronization

/// Authenticates credentials: an API key, a JWT, or a user's name and password.
///
/// A verified credential is cached for five seconds from the moment its verification began, so a revoked one is refused
/// within five seconds. Concurrent requests with the same credential share one verification.
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
    ///   - uses: Records which keys are used. The caller must run it.
    ///   - passwords: Without it, `Basic` is not accepted.
    ///   - tokens: Without it, JWTs are not accepted.
    ///   - capacity: The maximum number of cached credentials.
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

    /// Whether users may authenticate with their password (`Basic`).
    public var acceptsPasswords: Bool { verifier.acceptsPasswords }

    /// The principal of a credential that was verified in the last five seconds. Only reads the cache.
    /// - Parameter authorization: The value of the `Authorization` header.
    public func remembered(_ authorization: String) -> Principal? {
        guard let presented = PresentedCredential(authorization) else { return nil }
        let now = clock.now()
        return state.withLock { $0.cache.principal(presenting: presented, at: now) }
    }

    /// Whether a credential was valid some minutes ago. It has to be verified again, but is unlikely to be an attack.
    /// - Parameter authorization: The value of the `Authorization` header.
    public func isRecentlyVerified(_ authorization: String) -> Bool {
        guard let presented = PresentedCredential(authorization) else { return false }
        let now = clock.now()
        return state.withLock { $0.cache.isRecentlyVerified(presented, at: now) }
    }

    /// The principal of a credential; `nil` if it is unknown, wrong, expired or revoked, without distinction.
    /// - Parameter authorization: The value of the `Authorization` header.
    /// - Throws: `.unavailable`, `.overloaded` if the credential cannot be verified.
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
            // An unstructured task: cancelling the first caller does not cancel it for the others.
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
