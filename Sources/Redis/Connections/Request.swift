internal import NIOCore
internal import Synchronization

/// One or more commands that are sent together, and the caller waiting for their replies.
///
/// The caller is resumed once: by the replies, the deadline, the connection's end or the cancellation of its task,
/// whichever comes first. Cancellation may happen on another thread.
final class Request: Sendable {
    typealias Outcome = Result<RedisReplies, RedisError>
    typealias Caller = CheckedContinuation<Outcome, Never>

    private enum State {
        case new
        case waiting(Caller)
        case finished
    }

    let commands: Commands
    /// The identity of the required server; nil for any.
    let expectedIdentity: String?
    private let state = Mutex(State.new)

    enum Commands: Sendable {
        case one(RedisCommand)
        case many([RedisCommand])

        /// There is always one.
        var first: RedisCommand {
            switch self {
            case .one(let command): command
            case .many(let commands): commands[0]
            }
        }

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

    /// - Returns: False if the caller was cancelled before it waited; it is then resumed.
    func wait(_ caller: Caller) -> Bool {
        let isNew = state.withLock { state in
            guard case .new = state else { return false }
            state = .waiting(caller)
            return true
        }
        if !isNew { caller.resume(returning: .failure(.cancelled)) }
        return isNew
    }

    /// Resumes the caller, unless it already was.
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
