/// Credentials that were verified moments ago, by what the client presented: hot requests pay for no cryptography.
struct CredentialCache {
    private struct Entry {
        let principal: Principal
        let deadline: ContinuousClock.Instant
    }

    private let capacity: Int
    private var entries: [PresentedCredential: Entry] = [:]

    init(capacity: Int) {
        self.capacity = capacity
    }

    func principal(presenting credential: PresentedCredential, at now: ContinuousClock.Instant) -> Principal? {
        guard let entry = entries[credential], now < entry.deadline else { return nil }
        return entry.principal
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
