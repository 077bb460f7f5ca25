import Access
import Inventory
import Logging
import RateLimiting
import Synchronization

/// Verifies credentials, without caching the results.
final class CredentialVerifier: Sendable {
    /// The principal of a credential, and how long it remains valid; `nil` means until it is revoked.
    struct Verified {
        let principal: Principal
        let validity: Duration?
    }

    private let credentials: any CredentialStoring
    private let uses: KeyUses
    let passwords: PasswordHasher?
    private let tokens: TokenVerifier?
    private let clock: AccessClock
    private let logger: Logger
    /// Called once for each verification that fails for a reason of the credential.
    let onRefusal: @Sendable (CredentialRefusal) -> Void
    private let logins = Mutex((proven: ProvenPasswords(), attempts: LoginAttempts()))

    init(
        credentials: any CredentialStoring, uses: KeyUses, passwords: PasswordHasher?, tokens: TokenVerifier?,
        clock: AccessClock, logger: Logger, onRefusal: @escaping @Sendable (CredentialRefusal) -> Void = { _ in }
    ) {
        self.credentials = credentials
        self.uses = uses
        self.passwords = passwords
        self.tokens = tokens
        self.clock = clock
        self.logger = logger
        self.onRefusal = onRefusal
    }

    private func refused(_ reason: CredentialRefusal) -> Verified? {
        onRefusal(reason)
        return nil
    }

    /// - Parameter site: Where it comes from.
    /// - Returns: `nil` if it is unknown, wrong, expired, revoked or disabled.
    func verify(
        _ credential: Credential, from site: ClientAddress?
    ) async throws(AuthenticationError) -> Verified? {
        switch credential {
        case .key(let key):
            return try await stored { () throws(LedgerError) in try await verify(key) }
        case .token(let token):
            return await verify(token)
        case .password(let name, let password):
            return try await verify(password, of: Login(name: name, site: site))
        }
    }

    private func stored<Value>(
        _ lookup: () async throws(LedgerError) -> Value
    ) async throws(AuthenticationError) -> Value {
        do throws(LedgerError) {
            return try await lookup()
        } catch {
            throw .ledger(error)
        }
    }

    private func verify(_ key: APIKey) async throws(LedgerError) -> Verified? {
        guard let record = try await credentials.apiKey(key.id) else { return refused(.unknownKey) }
        guard key.matches(record.secretHash) else { return refused(.wrongSecret) }
        guard record.revokedAt == nil else { return refused(.revoked) }
        let now = clock.wall()
        let validity = record.expiresAt.map { Duration.microseconds($0.microseconds - now.microseconds) }
        if let validity, validity <= .zero { return refused(.expired) }
        uses.note(record.id, at: now)
        return Verified(principal: Principal(id: "key:\(record.id)", record.grant), validity: validity)
    }

    private func verify(_ token: Substring) async -> Verified? {
        guard let tokens else { return refused(.unsupported) }
        do throws(TokenDefect) {
            return try verified(token, by: tokens)
        } catch {
            if error == .unknownKey, await tokens.keys.readEarly(), let verified = try? verified(token, by: tokens) {
                return verified
            }
            logger.debug("a token was refused", metadata: ["defect": "\(error)"])
            return refused(CredentialRefusal(error))
        }
    }

    private func verified(_ token: Substring, by tokens: TokenVerifier) throws(TokenDefect) -> Verified {
        let now = clock.wall()
        let (principal, expiresAt) = try tokens.verify(token, at: now)
        return Verified(principal: principal, validity: .microseconds(expiresAt.microseconds - now.microseconds))
    }

    /// Takes as long for an unknown user as for a wrong password.
    private func verify(_ password: Password, of login: Login) async throws(AuthenticationError) -> Verified? {
        guard let passwords else { return refused(.unsupported) }
        let now = clock.now()
        if let hash = logins.withLock({ $0.proven.hash(of: login, password, at: now) }),
            let record = try await stored({ () throws(LedgerError) in try await credentials.user(login.name) }),
            record.passwordHash == hash
        {
            return verified(record)
        }
        // Before the lookup: what is too much for the hasher is also much for the database.
        let attempt = try logins.withLock { logins throws(AuthenticationError) in
            do throws(AuthenticationError) {
                return try logins.attempts.begin(login, at: now)
            } catch {
                onRefusal(.paused)
                throw error
            }
        }
        do throws(LedgerError) {
            let record = try await credentials.user(login.name)
            let hash = record.flatMap { PasswordHash($0.passwordHash) }
            if record != nil, hash == nil {
                logger.error("a stored password cannot be checked", metadata: ["user": "\(login.name)"])
            }
            let isRight = try await passwords.check(
                password, against: hash, from: login.site, isKnown: attempt.isKnown)
            guard isRight, let record else { return refused(.wrongPassword) }
            logins.withLock { logins in
                logins.attempts.succeed(attempt, at: now)
                logins.proven.add(login, password, provenFor: record.passwordHash, at: now)
            }
            return verified(record)
        } catch {
            logins.withLock { $0.attempts.withdraw(attempt) }
            throw .ledger(error)
        }
    }

    private func verified(_ user: UserRecord) -> Verified? {
        guard user.disabledAt == nil else { return refused(.disabledUser) }
        return Verified(principal: Principal(id: "user:\(user.name)", user.grant), validity: nil)
    }
}

extension Principal {
    init(id: String, _ grant: Grant) {
        self.init(id: id, role: grant.role, scope: grant.scope, rates: grant.rates)
    }
}
