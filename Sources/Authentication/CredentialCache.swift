import Access
import Inventory

/// Credentials that were verified moments ago, by what the client presented: hot requests pay for no cryptography.
struct CredentialCache {
    private struct Entry {
        let principal: Principal
        let deadline: ContinuousClock.Instant
    }

    private static let familiarity = Duration.seconds(600)

    private let capacity: Int
    private var entries: [PresentedCredential: Entry] = [:]

    init(capacity: Int) {
        self.capacity = capacity
    }

    func principal(presenting credential: PresentedCredential, at now: ContinuousClock.Instant) -> Principal? {
        guard let entry = entries[credential], now < entry.deadline else { return nil }
        return entry.principal
    }

    /// Whether a credential was verified not long ago: it is most likely good still, but has to be verified again.
    func isRecentlyVerified(_ credential: PresentedCredential, at now: ContinuousClock.Instant) -> Bool {
        entries[credential].map { now < $0.deadline + Self.familiarity } ?? false
    }

    mutating func forget(_ credential: PresentedCredential) {
        entries[credential] = nil
    }

    mutating func remember(
        _ principal: Principal, presenting credential: PresentedCredential, until deadline: ContinuousClock.Instant,
        at now: ContinuousClock.Instant
    ) {
        if entries.count >= capacity {
            entries = entries.filter { now < $0.value.deadline }
            // Still full: start over. Each entry costs one look-up to come back.
            if entries.count >= capacity { entries = [:] }
        }
        entries[credential] = Entry(principal: principal, deadline: deadline)
    }
}

/// What time it is, for what is remembered and for what expires.
struct AccessClock: Sendable {
    var now: @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    var wall: @Sendable () -> Timestamp = { Timestamp.now }
}
