internal import Basics
internal import NIOCore

/// The state of the connection, and the fate of commands while there is none. Does no I/O: ``Link`` executes its
/// decisions.
struct LinkStateMachine: ~Copyable {
    enum Admission: Equatable {
        case send
        /// A connection may be established in time.
        case wait
        case refuse(RedisError)
    }

    enum LossAction: Equatable {
        case reconnect(after: TimeAmount)
        /// The client is closed, or this loss was reported already.
        case none
    }

    private enum State {
        /// `failure`: why the previous attempt failed.
        case connecting(failure: RedisError?)
        case connected(identity: String, at: NIODeadline)
        case waitingToReconnect(failure: RedisError)
        case closed
    }

    private var state = State.connecting(failure: nil)
    private var backoff = Backoff(from: .milliseconds(50), upTo: .seconds(2))
    /// A connection that ends sooner counts as a failure: a server that accepts and then disconnects is not working.
    static let shortestSuccess: TimeAmount = .seconds(1)

    /// The server's identity, if connected.
    var identity: String? { if case .connected(let identity, _) = state { identity } else { nil } }

    var isConnecting: Bool { if case .connecting = state { true } else { false } }

    /// Commands wait only for the first attempt. During later ones they fail at once with the last error: an
    /// unreachable server must not cost each command its timeout.
    var admission: Admission {
        switch state {
        case .connected: .send
        case .connecting(nil): .wait
        case .connecting(let failure?), .waitingToReconnect(let failure): .refuse(failure)
        case .closed: .refuse(.closed)
        }
    }

    /// - Returns: False if the connection is no longer needed and must be closed.
    mutating func connected(to identity: String, at now: NIODeadline) -> Bool {
        guard case .connecting = state else { return false }
        state = .connected(identity: identity, at: now)
        return true
    }

    /// The connection was lost, or the attempt failed.
    mutating func lost(_ error: RedisError, at now: NIODeadline) -> LossAction {
        switch state {
        case .waitingToReconnect, .closed: return .none
        case .connected(_, let start) where now - start >= Self.shortestSuccess: backoff.reset()
        case .connecting, .connected: break
        }
        state = .waitingToReconnect(failure: error)
        return .reconnect(after: TimeAmount(backoff.delay()))
    }

    /// The backoff is over.
    /// - Returns: Whether to connect.
    mutating func reconnect() -> Bool {
        guard case .waitingToReconnect(let failure) = state else { return false }
        state = .connecting(failure: failure)
        return true
    }

    mutating func close() {
        state = .closed
    }
}
