public import Inventory

extension EventPublisher {
    /// The broker, and how far it is behind the ledgers. The same on every instance, whichever one publishes.
    public func health() async -> [ComponentHealth] {
        let problem = sink.problem
        let broker = ComponentHealth(name: "broker:connection", status: problem == nil ? .pass : .warn, output: problem)
        return [broker] + (await Self.backlog(of: ledger))
    }

    /// How far the broker is behind the ledgers, which the database knows, whether or not anybody publishes; nothing if it
    /// does not respond.
    public static func backlog(of ledger: some ChangeReading & SubscriptionStoring) async -> [ComponentHealth] {
        guard let lag = try? await lag(of: ledger) else { return [] }
        let isLate = lag.delay > maximumDelay
        return [
            ComponentHealth(name: "events:backlog", status: .pass, observed: Double(lag.events), unit: "events"),
            ComponentHealth(
                name: "events:delay", status: isLate ? .warn : .pass, observed: lag.delay / .seconds(1), unit: "s",
                output: isLate ? "events are not published: nothing is lost, and they will be" : nil),
        ]
    }

    private static let maximumDelay = Duration.seconds(10)

    /// The number of events that the broker has not confirmed, and the age of the oldest.
    private static func lag(
        of ledger: some ChangeReading & SubscriptionStoring
    ) async throws -> (events: Int64, delay: Duration) {
        let cursors = try await ledger.cursors(of: subscription)
        let heads = try await ledger.heads(of: .all)
        let known = Dictionary(cursors.map { ($0.storeID, $0.position) }, uniquingKeysWith: max)
        var (events, keys): (Int64, [EntryKey]) = (0, [])
        for head in heads {
            let key = EntryKey(storeID: head.storeID, position: known[head.storeID] ?? .zero)
            guard key.position < head.position else { continue }
            events += head.position.rawValue - key.position.rawValue
            keys.append(key)
        }
        return (events, try await ledger.age(ofOldestAfter: keys))
    }
}
