import Access
import Inventory
import Logging
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
    private let passwords: PasswordHasher?
    private let tokens: TokenVerifier?
    private let clock: AccessClock
    private let logger: Logger
    private let proven = Mutex(ProvenPasswords())

    init(
        credentials: any CredentialStoring, uses: KeyUses, passwords: PasswordHasher?, tokens: TokenVerifier?,
        clock: AccessClock, logger: Logger
    ) {
        self.credentials = credentials
        self.uses = uses
        self.passwords = passwords
        self.tokens = tokens
        self.clock = clock
        self.logger = logger
    }

    var acceptsPasswords: Bool { passwords != nil }

    /// - Returns: `nil` if it is unknown, wrong, expired, revoked or disabled.
    func verify(_ credential: Credential) async throws(LedgerError) -> Verified? {
        switch credential {
        case .key(let key): try await verify(key)
        case .token(let token): verify(token)
        case .password(let name, let password): try await verify(password, of: name)
        }
    }

    private func verify(_ key: APIKey) async throws(LedgerError) -> Verified? {
        guard let record = try await credentials.apiKey(key.id), key.matches(record.secretHash),
            record.revokedAt == nil
        else { return nil }
        let now = clock.wall()
        let validity = record.expiresAt.map { Duration.microseconds($0.microseconds - now.microseconds) }
        if let validity, validity <= .zero { return nil }
        uses.note(record.id, at: now)
        return Verified(principal: Principal(id: "key:\(record.id)", record.grant), validity: validity)
    }

    private func verify(_ token: Substring) -> Verified? {
        guard let tokens else { return nil }
        let now = clock.wall()
        do throws(TokenDefect) {
            let (principal, expiresAt) = try tokens.verify(token, at: now)
            return Verified(
                principal: principal, validity: .microseconds(expiresAt.microseconds - now.microseconds))
        } catch {
            logger.debug("a token was refused", metadata: ["defect": "\(error)"])
            return nil
        }
    }

    /// Takes as long for an unknown user as for a wrong password.
    private func verify(_ password: Password, of name: UserName) async throws(LedgerError) -> Verified? {
        guard let passwords else { return nil }
        let now = clock.now()
        let record = try await credentials.user(name)
        let isProven =
            if let record { proven.withLock { $0.has(name, password, provenFor: record.passwordHash, at: now) } } else {
                false
            }
        if !isProven {
            let hash = record.flatMap { PasswordHash($0.passwordHash) }
            if record != nil, hash == nil {
                logger.error("a stored password cannot be checked", metadata: ["user": "\(name)"])
            }
            guard try await passwords.check(password, against: hash), let record else { return nil }
            proven.withLock { $0.add(name, password, provenFor: record.passwordHash, at: now) }
        }
        guard let record, record.disabledAt == nil else { return nil }
        return Verified(principal: Principal(id: "user:\(name)", record.grant), validity: nil)
    }
}

extension Principal {
    init(id: String, _ grant: Grant) {
        self.init(id: id, role: grant.role, scope: grant.scope, rates: grant.rates)
    }
}
