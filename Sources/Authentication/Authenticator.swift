public import Access
import Inventory
public import Logging
public import RateLimiting
import Synchronization

/// Authenticates credentials: an API key, a JWT, or a user's name and password.
///
/// A verified credential is cached for five seconds from the moment its verification began, so a revoked one is refused
/// within five seconds. Concurrent requests with the same credential share one verification.
public final class Authenticator: Sendable {
    private typealias Verification = Task<Result<Principal?, AuthenticationError>, Never>

    private struct State {
        var cache: CredentialCache
        var verifications: [PresentedCredential: Verification] = [:]
    }

    private static let memory = Duration.seconds(5)
    private let verifier: CredentialVerifier
    private let clock: AccessClock
    /// With a key of this process.
    private let hash = SipHash(key: .random(in: .min ... .max), .random(in: .min ... .max))
    private let state: Mutex<State>

    /// - Parameters:
    ///   - uses: Records which keys are used. The caller must run it.
    ///   - passwords: Without it, `Basic` is not accepted.
    ///   - tokens: Without it, JWTs are not accepted.
    ///   - capacity: The maximum number of cached credentials.
    ///   - onRefusal: Called for each credential that is refused, but only once for those that are verified together.
    public convenience init(
        credentials: any CredentialStoring, uses: KeyUses, passwords: PasswordHasher?, tokens: TokenVerifier?,
        capacity: Int = 10_000, logger: Logger, onRefusal: @escaping @Sendable (CredentialRefusal) -> Void = { _ in }
    ) {
        let clock = AccessClock()
        self.init(
            CredentialVerifier(
                credentials: credentials, uses: uses, passwords: passwords, tokens: tokens, clock: clock,
                logger: logger, onRefusal: onRefusal),
            capacity: capacity, clock: clock)
    }

    init(_ verifier: CredentialVerifier, capacity: Int, clock: AccessClock) {
        self.verifier = verifier
        self.clock = clock
        state = Mutex(State(cache: CredentialCache(capacity: capacity)))
    }

    /// Whether users may authenticate with their password (`Basic`).
    public var acceptsPasswords: Bool { passwords != nil }
    /// Hashes passwords, if they are accepted.
    public var passwords: PasswordHasher? { verifier.passwords }

    /// The principal of a credential that was verified in the last five seconds. Only reads the cache.
    /// - Parameters:
    ///   - authorization: The value of the `Authorization` header.
    ///   - address: Where a password comes from; `nil` if it was sent unencrypted over a network. Evaluated for
    ///     passwords only.
    public func remembered(_ authorization: String, from address: @autoclosure () -> ClientAddress?) -> Principal? {
        guard let presented = presented(authorization, from: address) else { return nil }
        let now = clock.now()
        return state.withLock { $0.cache.principal(presenting: presented, at: now) }
    }

    /// Whether a credential was valid some hours ago. It has to be verified again, but is unlikely to be an attack.
    public func isRecentlyVerified(_ authorization: String, from address: ClientAddress?) -> Bool {
        guard let presented = presented(authorization, from: { address }) else { return false }
        let now = clock.now()
        return state.withLock { $0.cache.isRecentlyVerified(presented, at: now) }
    }

    /// The principal of a credential; `nil` if it is unknown, wrong, expired or revoked, without distinction.
    /// - Throws: `.unencrypted` for a password without an address.
    public func principal(
        presenting authorization: String, from address: ClientAddress?
    ) async throws(AuthenticationError) -> Principal? {
        guard let header = AuthorizationHeader(authorization), let credential = Credential(header) else {
            verifier.onRefusal(.malformed)
            return nil
        }
        if header.scheme == .basic, acceptsPasswords, address == nil {
            verifier.onRefusal(.unencrypted)
            throw .unencrypted
        }
        let presented = PresentedCredential(header, from: address?.siteOrSelf, hashedBy: hash)
        return try await verification(of: credential, from: address?.siteOrSelf, presented: presented, at: clock.now())
            .value
            .get()
    }

    private func presented(_ authorization: String, from address: () -> ClientAddress?) -> PresentedCredential? {
        guard let header = AuthorizationHeader(authorization) else { return nil }
        guard header.scheme == .basic else { return PresentedCredential(header, hashedBy: hash) }
        return address().map { PresentedCredential(header, from: $0.siteOrSelf, hashedBy: hash) }
    }

    private func verification(
        of credential: Credential, from site: ClientAddress?, presented: PresentedCredential,
        at now: ContinuousClock.Instant
    ) -> Verification {
        state.withLock { state in
            if let running = state.verifications[presented] { return running }
            if let principal = state.cache.principal(presenting: presented, at: now) {
                return Verification { .success(principal) }
            }
            // An unstructured task: cancelling the first caller does not cancel it for the others.
            let verification = Verification {
                await self.verify(credential, from: site, presented: presented, at: now)
            }
            state.verifications[presented] = verification
            return verification
        }
    }

    private func verify(
        _ credential: Credential, from site: ClientAddress?, presented: PresentedCredential,
        at now: ContinuousClock.Instant
    ) async -> Result<Principal?, AuthenticationError> {
        let result: Result<CredentialVerifier.Verified?, AuthenticationError>
        do throws(AuthenticationError) {
            result = .success(try await verifier.verify(credential, from: site))
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
