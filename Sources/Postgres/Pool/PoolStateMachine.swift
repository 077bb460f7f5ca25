internal import DequeModule

/// How many connections a pool has and how many callers wait for one, at one moment.
public struct PoolStatus: Sendable, Hashable {
    public let busy: Int
    public let idle: Int
    public let waiting: Int

    public init(busy: Int, idle: Int, waiting: Int) {
        (self.busy, self.idle, self.waiting) = (busy, idle, waiting)
    }
}

/// The state of a pool: leased members and waiters. Does no I/O: ``Pool`` executes its decisions.
///
/// A waiter is either in here or was returned by exactly one call, so that each is resumed exactly once.
struct PoolStateMachine<Member, Waiter, Closer>: ~Copyable {
    typealias Instant = ContinuousClock.Instant

    enum LeaseAction {
        case use(Member)
        /// Make a member; it counts as leased.
        case make
        /// The waiter stays in here. `watch`: ``expire(at:)`` is not scheduled yet.
        case wait(watch: Bool)
        case refuse(PostgresError)
    }

    enum ReturnAction {
        case keep
        case handOver(Member, to: Waiter)
        /// The pool closes: close the member, then call ``memberClosed()``.
        case close(Member)
    }

    private let maximumMembers: Int
    private let maximumWaiting: Int
    /// The last is used next.
    private var idle: Deque<Member> = []
    /// In order of deadline, since all have the same timeout.
    private var waiting: Deque<(id: UInt64, deadline: Instant, waiter: Waiter)> = []
    private var isWatched = false
    /// Members that are leased or being closed.
    private var busy = 0
    private var isClosing = false
    private var closers: [Closer] = []

    init(maximumMembers: Int, maximumWaiting: Int) {
        precondition(maximumMembers > 0 && maximumWaiting >= 0, "a pool has at least one member")
        self.maximumMembers = maximumMembers
        self.maximumWaiting = maximumWaiting
    }

    var status: PoolStatus { PoolStatus(busy: busy, idle: idle.count, waiting: waiting.count) }

    /// - Parameter id: Identifies the waiter in ``cancel(_:)``.
    mutating func lease(to waiter: Waiter, id: UInt64, deadline: Instant) -> LeaseAction {
        if isClosing { return .refuse(.closed) }
        if let member = idle.popLast() {
            busy += 1
            return .use(member)
        }
        if busy < maximumMembers {
            busy += 1
            return .make
        }
        guard waiting.count < maximumWaiting else {
            let message = "all \(busy) connections are busy and \(waiting.count) callers wait"
            return .refuse(PostgresError(.exhausted, message))
        }
        waiting.append((id, deadline, waiter))
        defer { isWatched = true }
        return .wait(watch: !isWatched)
    }

    /// Releases a leased member.
    /// - Parameter isWarm: Warm members are reused first, the most recently used before all others.
    mutating func release(_ member: Member, isWarm: Bool) -> ReturnAction {
        precondition(busy > 0, "given back more often than leased")
        if isClosing { return .close(member) }
        if let next = waiting.popFirst() { return .handOver(member, to: next.waiter) }
        busy -= 1
        if isWarm { idle.append(member) } else { idle.prepend(member) }
        return .keep
    }

    /// - Returns: The waiter, if it still waits.
    mutating func cancel(_ id: UInt64) -> Waiter? {
        waiting.firstIndex { $0.id == id }.map { waiting.remove(at: $0).waiter }
    }

    /// - Returns: The expired waiters, and when to call this again. Nil: when ``lease(to:id:deadline:)`` requires it.
    mutating func expire(at now: Instant) -> (expired: [Waiter], next: Instant?) {
        var expired: [Waiter] = []
        while let first = waiting.first, first.deadline <= now { expired.append(waiting.removeFirst().waiter) }
        isWatched = !waiting.isEmpty
        return (expired, waiting.first?.deadline)
    }

    /// Refuses new callers.
    /// - Returns: The waiters to refuse, and the members to close and then report to ``memberClosed()``.
    mutating func close() -> (waiters: [Waiter], members: [Member]) {
        isClosing = true
        defer {
            busy += idle.count
            waiting.removeAll()
            idle.removeAll()
        }
        return (waiting.map(\.waiter), Array(idle))
    }

    /// - Returns: The callers of `close` to resume.
    mutating func memberClosed() -> [Closer] {
        precondition(isClosing && busy > 0, "a member was closed that should not have been")
        busy -= 1
        guard busy == 0 else { return [] }
        defer { closers = [] }
        return closers
    }

    /// - Returns: False if all members are closed already; otherwise ``memberClosed()`` returns the closer later.
    mutating func awaitClosed(_ closer: Closer) -> Bool {
        if busy > 0 { closers.append(closer) }
        return busy > 0
    }
}
