import Access
import Inventory

/// Recently verified credentials, so that frequent requests cost no cryptography.
struct CredentialCache {
    private struct Entry {
        let principal: Principal
        let deadline: ContinuousClock.Instant
    }

    private static let familiarity = Duration.seconds(12 * 3_600)

    private let capacity: Int
    private var entries: [PresentedCredential: Entry] = [:]

    init(capacity: Int) {
        self.capacity = capacity
    }

    func principal(presenting credential: PresentedCredential, at now: ContinuousClock.Instant) -> Principal? {
        guard let entry = entries[credential], now < entry.deadline else { return nil }
        return entry.principal
    }

    /// Whether a credential was verified some hours ago: it is probably still valid, but has to be verified again.
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
            // Still full: start over. Each entry costs one lookup to restore.
            if entries.count >= capacity { entries = [:] }
        }
        entries[credential] = Entry(principal: principal, deadline: deadline)
    }
}

/// The monotonic clock for the cache, and the wall clock for expiry dates.
struct AccessClock: Sendable {
    var now: @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    var wall: @Sendable () -> Timestamp = { Timestamp.now }
}
