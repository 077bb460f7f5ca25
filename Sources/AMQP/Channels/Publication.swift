internal import Synchronization

/// Messages that are published in order, and the caller that waits for all of their confirms.
///
/// The caller may give up at any time, on any thread: each message then either is never sent, or its outcome is unknown.
final class Publication: Sendable {
    typealias Outcome = Result<Void, PublishFailure>

    fileprivate enum MessageState {
        case waiting
        case sent
        case settled(Outcome)
    }

    fileprivate struct State {
        var messages: [MessageState]
        /// The first that waits: they are sent in order.
        var nextToSend = 0
        var unsettled: Int
    }

    let messages: [AMQPMessage]
    private let state: Mutex<State>
    private let finished = Waiter<[Outcome]>()

    init(_ messages: [AMQPMessage]) {
        self.messages = messages
        state = Mutex(
            State(messages: Array(repeating: .waiting, count: messages.count), unsettled: messages.count))
        if messages.isEmpty { finished.finish([]) }
    }

    /// One for each message.
    func outcomes() async -> [Outcome] { await finished.value() }

    /// The index of the next message to send, or nil if there is none.
    func takeNext() -> Int? {
        state.withLock { state in
            guard state.nextToSend < messages.count, case .waiting = state.messages[state.nextToSend]
            else { return nil }
            state.messages[state.nextToSend] = .sent
            state.nextToSend += 1
            return state.nextToSend - 1
        }
    }

    var isFinished: Bool { finished.isFinished }

    func isSettled(_ index: Int) -> Bool {
        state.withLock { if case .settled = $0.messages[index] { true } else { false } }
    }

    /// Does nothing if the message is settled.
    func settle(_ index: Int, _ outcome: Outcome) {
        update { $0.settle(index, outcome) }
    }

    /// Settles what is not settled.
    func fail(_ error: AMQPError) {
        update { state in
            for index in 0..<state.nextToSend { state.settle(index, .failure(.outcomeUnknown(error))) }
            state.failWaiting(error)
        }
    }

    /// Settles what was not sent.
    func failWaiting(_ error: AMQPError) {
        update { $0.failWaiting(error) }
    }

    private func update(_ change: (inout State) -> Void) {
        let outcomes: [Outcome]? = state.withLock { state in
            guard state.unsettled > 0 else { return nil }
            change(&state)
            return state.unsettled == 0 ? state.outcomes : nil
        }
        if let outcomes { finished.finish(outcomes) }
    }
}

extension Publication.State {
    fileprivate mutating func settle(_ index: Int, _ outcome: Publication.Outcome) {
        if case .settled = messages[index] { return }
        messages[index] = .settled(outcome)
        unsettled -= 1
    }

    fileprivate mutating func failWaiting(_ error: AMQPError) {
        for index in nextToSend..<messages.count { settle(index, .failure(.notSent(error))) }
    }

    fileprivate var outcomes: [Publication.Outcome] {
        messages.compactMap { if case .settled(let outcome) = $0 { outcome } else { nil } }
    }
}
