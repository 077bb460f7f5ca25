/// The state of one pipeline: what to send, which step each result belongs to, and the outcome if the connection is
/// lost.
///
/// In a pipeline the server responds to every step in order. After an error it skips all steps up to the sync
/// (https://www.postgresql.org/docs/current/libpq-pipeline-mode.html). Outside an explicit transaction, it commits at
/// the sync. Does no I/O.
struct Pipeline: ~Copyable {
    enum Step: Equatable {
        case prepare(query: Int)
        case execute(query: Int)
        case sync
    }

    enum Reply {
        case success
        case refusal
        case skipped
        /// libpq's nil, which ends the results of a step.
        case end
        case synced
    }

    enum Action: Equatable {
        case proceed
        case markPrepared(query: Int)
        case keepRows(query: Int)
        /// The first error. Nil: the implicit commit at the sync failed.
        case keepError(query: Int?)
        /// All results were received.
        case finish
        /// The server violates the protocol.
        case abandon
    }

    let steps: [Step]
    /// The steps that commit, or may.
    private let commits: [Int]
    private var position = 0
    private var refused: Int?

    /// - Parameters:
    ///   - statements: In order; those not in `prepared` are prepared before their first use.
    ///   - canCommit: Whether the session can change anything at all.
    init(_ statements: [Statement], prepared: Set<Statement>, inTransaction: Bool, canCommit: Bool) {
        var steps: [Step] = []
        var commits: [Int] = []
        var added: Set<Statement> = []
        for (index, statement) in statements.enumerated() {
            if !prepared.contains(statement), added.insert(statement).inserted { steps.append(.prepare(query: index)) }
            if statement.mayEndTransaction { commits.append(steps.count) }
            steps.append(.execute(query: index))
        }
        if !inTransaction, statements.first?.opensTransaction == false { commits.append(steps.count) }
        steps.append(.sync)
        self.steps = steps
        self.commits = canCommit ? commits : []
    }

    /// The outcome if no further result arrives.
    var outcome: PostgresError.Outcome {
        commits.contains { $0 < refused ?? .max } ? .unknown : .notApplied
    }

    /// The query whose results are being received.
    var query: Int? {
        switch steps[position] {
        case .prepare(let query), .execute(let query): query
        case .sync: nil
        }
    }

    mutating func receive(_ reply: Reply) -> Action {
        switch (reply, steps[position]) {
        case (.success, .prepare(let query)) where refused == nil: return .markPrepared(query: query)
        case (.success, .execute(let query)) where refused == nil: return .keepRows(query: query)
        case (.refusal, _) where refused == nil:
            refused = position
            return .keepError(query: query)
        case (.skipped, .prepare), (.skipped, .execute): return refused == nil ? .abandon : .proceed
        case (.end, .sync): return refused == position ? .proceed : .abandon
        case (.end, _):
            position += 1
            return .proceed
        case (.synced, .sync): return .finish
        default: return .abandon
        }
    }
}
