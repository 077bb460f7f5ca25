/// The order of things in one pipeline: what to send, what each answer belongs to, and what is known when it breaks off.
///
/// In a pipeline the server answers every step in order. After an error it skips all steps up to the sync
/// (https://www.postgresql.org/docs/current/libpq-pipeline-mode.html). What is outside an explicit transaction commits
/// at the sync. No I/O happens here.
struct Pipeline: ~Copyable {
    enum Step: Equatable {
        case prepare(query: Int)
        case execute(query: Int)
        case sync
    }

    enum Answer {
        case success
        case refusal
        case skipped
        /// libpq's nil, which ends the answer to a step.
        case end
        case synced
    }

    enum Action: Equatable {
        case proceed
        case markPrepared(query: Int)
        case keepRows(query: Int)
        /// The first refusal. Nil: the implicit commit at the sync was refused.
        case keepError(query: Int?)
        /// All is answered.
        case finish
        /// The server does not keep to the protocol.
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

    /// What is certain if no further answer comes.
    var outcome: PostgresError.Outcome {
        commits.contains { $0 < refused ?? .max } ? .unknown : .notApplied
    }

    /// The query that is being answered.
    var query: Int? {
        switch steps[position] {
        case .prepare(let query), .execute(let query): query
        case .sync: nil
        }
    }

    mutating func receive(_ answer: Answer) -> Action {
        switch (answer, steps[position]) {
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
