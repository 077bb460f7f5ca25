internal import NIOCore
internal import Synchronization

/// One or more commands that are sent together, and the caller who waits for their replies.
///
/// The caller is resumed once: by whoever comes first of the replies, the deadline, the connection's end and the
/// cancellation of the caller's task, which may come from another thread.
final class Request: Sendable {
    typealias Outcome = Result<RedisReplies, RedisError>
    typealias Caller = CheckedContinuation<Outcome, Never>

    private enum State {
        case new
        case waiting(Caller)
        case finished
    }

    let commands: Commands
    /// The identity of the server that the commands are for; nil if any will do.
    let expectedIdentity: String?
    private let state = Mutex(State.new)

    enum Commands: Sendable {
        case one(RedisCommand)
        case many([RedisCommand])

        var count: Int {
            switch self {
            case .one: 1
            case .many(let commands): commands.count
            }
        }
    }

    init(_ commands: Commands, expecting identity: String?) {
        self.commands = commands
        expectedIdentity = identity
    }

    var isFinished: Bool { state.withLock { if case .finished = $0 { true } else { false } } }

    /// - Returns: False if the caller was cancelled before it came to wait; it is resumed then.
    func wait(_ caller: Caller) -> Bool {
        let isNew = state.withLock { state in
            guard case .new = state else { return false }
            state = .waiting(caller)
            return true
        }
        if !isNew { caller.resume(returning: .failure(.cancelled)) }
        return isNew
    }

    /// Resumes the caller, if nobody did yet.
    func finish(_ outcome: Outcome) {
        let caller: Caller? = state.withLock { state in
            defer { state = .finished }
            return if case .waiting(let caller) = state { caller } else { nil }
        }
        caller?.resume(returning: outcome)
    }
}

extension ByteBuffer {
    mutating func writeCommands(_ commands: Request.Commands) {
        switch commands {
        case .one(let command): writeCommand(command)
        case .many(let commands): for command in commands { writeCommand(command) }
        }
    }
}
