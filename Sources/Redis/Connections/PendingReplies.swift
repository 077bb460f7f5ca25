internal import DequeModule
internal import NIOCore

/// The queues of one connection's commands: those to be sent and those waiting for replies, first in, first out. Does
/// no I/O: ``Link`` executes its decisions.
///
/// A request is one or more commands that are sent together. It stays in here after its caller timed out, because its
/// replies still arrive and must be matched.
struct PendingReplies<Request>: ~Copyable {
    enum Delivery {
        /// No caller to resume: not yet, or no longer.
        case none
        case complete(Request, RedisReplies)
        /// The server sent a reply to nothing.
        case unexpected
    }

    struct Expiry {
        /// The requests whose deadline has passed.
        var requests: [Request] = []
        /// Replies are due, and none has arrived for too long.
        var isSilent = false
        /// When to check again; nil if nothing is pending.
        var next: NIODeadline?
    }

    private struct Entry {
        /// Nil once the caller has timed out.
        var request: Request?
        let commands: Int
        let deadline: NIODeadline
        var replies: [RedisValue] = []
        var received = 0
    }

    private let maximumInFlight: Int
    private let maximumWaiting: Int
    private let silenceTimeout: TimeAmount
    /// Both in order of deadline, since all requests have the same timeout.
    private var inFlight: Deque<Entry> = []
    private var waiting: Deque<Entry> = []
    /// Commands, as opposed to requests.
    private(set) var inFlightCount = 0
    private(set) var waitingCount = 0
    /// When the last reply arrived, or when a reply became due after none was.
    private var lastHeard = NIODeadline.distantPast

    init(maximumInFlight: Int, maximumWaiting: Int, silenceTimeout: TimeAmount) {
        precondition(maximumInFlight > 0 && maximumWaiting >= 0, "at least one command can be sent")
        self.maximumInFlight = maximumInFlight
        self.maximumWaiting = maximumWaiting
        self.silenceTimeout = silenceTimeout
    }

    /// Queues a request for sending.
    /// - Returns: The error, if the queue is full.
    mutating func enqueue(_ request: Request, commands: Int, deadline: NIODeadline) -> RedisError? {
        precondition(commands > 0, "a request has commands")
        let total = inFlightCount + waitingCount + commands
        guard commands <= maximumInFlight, total <= maximumInFlight + maximumWaiting else {
            return RedisError(
                .overloaded, "\(inFlightCount) Redis commands are unanswered and \(waitingCount) wait; \(commands) more"
            )
        }
        waiting.append(Entry(request: request, commands: commands, deadline: deadline))
        waitingCount += commands
        return nil
    }

    /// Moves the next request to those in flight; nil if none is waiting or too many are in flight.
    /// - Parameter isWanted: Whether to send it. Otherwise it is dropped.
    mutating func dequeue(at now: NIODeadline, where isWanted: (Request) -> Bool) -> Request? {
        while let first = waiting.first {
            if let request = first.request, isWanted(request) {
                guard inFlightCount + first.commands <= maximumInFlight else { return nil }
                if inFlight.isEmpty { lastHeard = now }
                waiting.removeFirst()
                waitingCount -= first.commands
                inFlight.append(first)
                inFlightCount += first.commands
                return request
            }
            waiting.removeFirst()
            waitingCount -= first.commands
        }
        return nil
    }

    /// Matches a reply with the oldest command in flight.
    mutating func receive(_ value: RedisValue, at now: NIODeadline) -> Delivery {
        guard !inFlight.isEmpty else { return .unexpected }
        lastHeard = now
        inFlightCount -= 1
        inFlight[0].received += 1
        let isComplete = inFlight[0].received == inFlight[0].commands
        guard let request = inFlight[0].request else {
            if isComplete { inFlight.removeFirst() }
            return .none
        }
        if isComplete && inFlight[0].commands == 1 {
            inFlight.removeFirst()
            return .complete(request, .one(value))
        }
        if inFlight[0].received == 1 { inFlight[0].replies.reserveCapacity(inFlight[0].commands) }
        inFlight[0].replies.append(value)
        return isComplete ? .complete(request, .many(inFlight.removeFirst().replies)) : .none
    }

    /// - Returns: The expired requests, each once, and when to call this again.
    mutating func expire(at now: NIODeadline) -> Expiry {
        var expiry = Expiry()
        while let first = waiting.first, first.deadline <= now {
            waiting.removeFirst()
            waitingCount -= first.commands
            if let request = first.request { expiry.requests.append(request) }
        }
        expiry.next = waiting.first?.deadline
        for index in inFlight.indices {
            guard let request = inFlight[index].request else { continue }
            guard inFlight[index].deadline <= now else {
                expiry.next = inFlight[index].deadline
                break
            }
            expiry.requests.append(request)
            inFlight[index].request = nil
            inFlight[index].replies = []
        }
        guard !inFlight.isEmpty else { return expiry }
        let silentAt = lastHeard + silenceTimeout
        expiry.isSilent = silentAt <= now
        expiry.next = min(expiry.next ?? silentAt, silentAt)
        return expiry
    }

    /// Removes everything, after a lost connection.
    /// - Returns: The requests to fail.
    mutating func removeAll() -> [Request] {
        defer {
            inFlight.removeAll()
            waiting.removeAll()
            (inFlightCount, waitingCount) = (0, 0)
        }
        return inFlight.compactMap(\.request) + waiting.compactMap(\.request)
    }
}

/// The replies to a request, one per command.
enum RedisReplies: Sendable, Hashable {
    case one(RedisValue)
    case many([RedisValue])
}
