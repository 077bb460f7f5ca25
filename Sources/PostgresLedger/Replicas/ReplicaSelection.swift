import Basics

/// Why reads do not use a replica.
public enum ReplicaFault: String, CaseIterable, Sendable {
    /// It does not respond, or nobody can log in.
    case unreachable
    /// It is the primary. In a cluster that fails over by itself, each server may be.
    case primary
    /// It accepts writes itself, and is not the primary.
    case notAReplica = "not-a-replica"
    case otherDatabase = "other-database"
    /// It has not followed the last promotion, or is on the timeline of another one.
    case otherHistory = "other-history"
    /// It lacks more than ``maximumLag`` of what the primary has written.
    case farBehind = "far-behind"

    /// 16 MiB, one WAL segment.
    static let maximumLag: Int64 = 16 << 20
}

extension ReplicaFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreachable: "the replica does not respond"
        case .primary: "the server is the primary"
        case .notAReplica: "the server is another primary, not a replica"
        case .otherDatabase: "the server is no replica of the primary's database"
        case .otherHistory: "not a replica of this primary, or on an old history"
        case .farBehind: "the replica is more than 16 MiB behind"
        }
    }
}

/// What became of a read that a replica was chosen for.
public enum ReplicaReadResult: String, CaseIterable, Sendable {
    case served
    /// The replica was not new enough.
    case behind
    /// Only the primary can decide it: its client has seen more, or the replica is ahead of what the primary shows.
    case undecided
    /// The replica returned an error, or too many reads waited for its connections.
    case failed
    case unreachable
}

/// Chooses the replica for a read: of those that are likely to be new enough, the one with the fewest reads in flight. Whether
/// the chosen one is new enough, its snapshot proves. Does no I/O: ``Replicas`` does it.
struct ReplicaSelection {
    typealias Instant = ContinuousClock.Instant

    /// How new a replica has to be to be chosen.
    enum Need {
        /// As new as the primary.
        case current
        /// What is known to be enough, which one that is behind may have.
        case known
        /// Whatever it has, because the primary is unreachable.
        case any
    }

    /// At the last heartbeat.
    enum Lag: Int {
        /// It had replayed what the primary had flushed one heartbeat earlier.
        case none
        case behind, far
    }

    private struct Replica {
        var fault: ReplicaFault?
        var lag = Lag.none
        /// Since a read found it so.
        var isBehindUntil: Instant?
        var isSilent = false
        var readsInFlight = 0
        var results: [ReplicaReadResult: Int] = [:]
        var backoff = Backoff(from: .milliseconds(100), upTo: .seconds(5))
        /// After a read that could not reach it.
        var retryAt: Instant?

        var effectiveFault: ReplicaFault? { fault ?? (lag == .far ? .farBehind : nil) }

        func lag(at now: Instant) -> Lag {
            if let isBehindUntil, now < isBehindUntil { max(.behind, lag) } else { lag }
        }

        /// The least is the best choice.
        func order(at now: Instant) -> (Int, Lag, Int) { (isReachable(at: now) ? 0 : 1, lag(at: now), readsInFlight) }

        func isReachable(at now: Instant) -> Bool { fault == nil && retryAt.map { $0 <= now } ?? true }

        func isUsable(_ need: Need, at now: Instant) -> Bool {
            switch need {
            case .current: isReachable(at: now) && lag(at: now) == .none
            case .known: isReachable(at: now) && lag != .far
            // Nothing else could serve the read: one that did not respond in time may do so now.
            case .any: fault == nil || fault == .unreachable
            }
        }
    }

    private var replicas: [Replica]
    /// Where the search begins, so that replicas that are equally busy take turns.
    private var first = 0

    init(count: Int) {
        replicas = Array(repeating: Replica(), count: count)
    }

    /// In which a replica usually catches up. If it does not, a heartbeat finds that it is behind.
    private static let behindPause = Duration.milliseconds(20)

    /// - Parameter tried: One that could not serve the read.
    /// - Returns: The number of the chosen replica, for which ``end(_:_:at:)`` must be called.
    mutating func begin(_ need: Need, except tried: Int?, at now: Instant) -> Int? {
        first += 1
        let candidates = replicas.indices.map { (first + $0) % replicas.count }
            .filter { $0 != tried && replicas[$0].isUsable(need, at: now) }
        let chosen = candidates.min {
            replicas[$0].order(at: now) < replicas[$1].order(at: now)
        }
        if let chosen { replicas[chosen].readsInFlight += 1 }
        return chosen
    }

    mutating func end(_ number: Int, _ result: ReplicaReadResult, at now: Instant) {
        replicas[number].readsInFlight -= 1
        replicas[number].results[result, default: 0] += 1
        switch result {
        case .served:
            replicas[number].backoff.reset()
        case .behind:
            replicas[number].isBehindUntil = now + Self.behindPause
        case .undecided, .failed:
            break
        case .unreachable:
            // Reads that lost it together count once.
            if let retryAt = replicas[number].retryAt, now < retryAt { break }
            replicas[number].retryAt = now + replicas[number].backoff.delay()
        }
    }

    /// - Returns: Whether its fault changed.
    mutating func note(_ heartbeat: Heartbeat, of number: Int) -> Bool {
        let before = replicas[number].effectiveFault
        switch heartbeat {
        case .alive(let lag):
            (replicas[number].fault, replicas[number].lag, replicas[number].isSilent) = (nil, lag, false)
        case .unfit(let fault):
            (replicas[number].fault, replicas[number].isSilent) = (fault, false)
        case .silent:
            (replicas[number].fault, replicas[number].isSilent) = (.unreachable, true)
        case .unreachable:
            // One that was silent is probably still.
            replicas[number].fault = .unreachable
        }
        return replicas[number].effectiveFault != before
    }

    func isSilent(_ number: Int) -> Bool { replicas[number].isSilent }

    func fault(of number: Int) -> ReplicaFault? { replicas[number].effectiveFault }

    func readsInFlight(on number: Int) -> Int { replicas[number].readsInFlight }

    func results(of number: Int) -> [ReplicaReadResult: Int] { replicas[number].results }
}

extension ReplicaSelection.Lag: Comparable {
    static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}
