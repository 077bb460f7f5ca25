import Access
import Basics
import Inventory
import Synchronization

/// The principals that the broker's users are: each the user of the same name, or `key:<id>` an API key. Cached for some
/// seconds, as authentication over HTTP is.
final class BrokerUsers: Sendable {
    private static let memory = Duration.seconds(5)

    private let credentials: any CredentialStoring
    private let noteUse: @Sendable (String, Timestamp) -> Void
    private let found = Mutex(RecentlyUsed<String, (Principal?, until: ContinuousClock.Instant)>(capacity: 10_000))

    /// - Parameter noteUse: Receives the id of each key that is used, about once in the time that it is cached.
    init(_ credentials: any CredentialStoring, notingUse noteUse: @escaping @Sendable (String, Timestamp) -> Void) {
        self.credentials = credentials
        self.noteUse = noteUse
    }

    /// The id of the principal that a user of the broker is, whether there is one or not; `nil` if there cannot be one.
    static func principalID(of user: String) -> String? {
        if user.hasPrefix("key:") { return APIKey.isID(user.dropFirst(4)) ? user : nil }
        return UserName(user).map { "user:\($0)" }
    }

    /// - Returns: `nil` if there is none, or if it is disabled, revoked or expired.
    func principal(of user: String) async throws(LedgerError) -> Principal? {
        let now = ContinuousClock.now
        if let (principal, until) = found.withLock({ $0[user] }), until > now { return principal }
        let principal = try await stored(user)
        found.withLock { $0[user] = (principal, now + Self.memory) }
        return principal
    }

    private func stored(_ user: String) async throws(LedgerError) -> Principal? {
        guard let id = Self.principalID(of: user) else { return nil }
        let grant: Grant
        if user.hasPrefix("key:") {
            guard let key = try await credentials.apiKey(String(user.dropFirst(4))), key.revokedAt == nil,
                key.expiresAt ?? .latest > .now
            else { return nil }
            noteUse(key.id, .now)
            grant = key.grant
        } else {
            guard let name = UserName(user), let record = try await credentials.user(name), record.disabledAt == nil
            else { return nil }
            grant = record.grant
        }
        return Principal(id: id, role: grant.role, scope: grant.scope, rates: grant.rates)
    }
}
