extension Session {
    /// A connection has a statement per `static let`; more means that statements are generated.
    private static let maximumStatements = 1_000

    /// Sends the queries, preceded by missing preparations, and receives all results up to the sync.
    func exchange(_ queries: [Query]) throws(PostgresError) -> [Rows] {
        var pipeline = Pipeline(
            queries.map(\.statement), prepared: prepared,
            inTransaction: wire.transactionStatus != .idle, canCommit: !isReadOnly)
        let rows: Result<[Rows], PostgresError>
        do throws(PostgresError) {
            try send(pipeline.steps, of: queries)
            rows = try receive(&pipeline, for: queries)
        } catch {
            throw lose(error, outcome: pipeline.outcome, statement: pipeline.query.map { queries[$0].statement.name })
        }
        return try rows.get()
    }

    private func send(_ steps: [Pipeline.Step], of queries: [Query]) throws(PostgresError) {
        for step in steps {
            switch step {
            case .prepare(let query): try wire.sendPrepare(queries[query].statement)
            case .execute(let query): try wire.sendQuery(queries[query])
            case .sync: try wire.sendSync()
            }
        }
    }

    /// - Returns: The rows, or the first error of the server.
    /// - Throws: If the connection is unusable.
    private func receive(
        _ pipeline: inout Pipeline, for queries: [Query]
    ) throws(PostgresError) -> Result<[Rows], PostgresError> {
        var rows: [Rows] = []
        var refusal: PostgresError?
        while true {
            let result = try wire.nextResult()
            switch pipeline.receive(try result?.reply() ?? .end) {
            case .proceed:
                break
            case .markPrepared(let query):
                prepared.insert(queries[query].statement)
                precondition(prepared.count <= Self.maximumStatements, "statements are made up at run time")
            case .keepRows(let query):
                guard let result else { break }
                let statement = queries[query].statement
                if statement.commits, result.commandTag == "ROLLBACK" { refusal = .rolledBackInstead(by: statement) }
                rows.append(Rows(result, of: statement.name))
            case .keepError(let query):
                guard var error = result?.refusal else { break }
                error.outcome = pipeline.outcome
                error.statement = query.map { queries[$0].statement.name }
                markStale(after: error)
                refusal = error
            case .finish:
                if let refusal { return .failure(refusal) }
                guard rows.count == queries.count else {
                    throw PostgresError(.connection, "the server left something unanswered")
                }
                return .success(rows)
            case .abandon:
                throw PostgresError(.connection, "the server's replies are out of order")
            }
        }
    }
}

extension PostgresError {
    /// COMMIT in a failed transaction succeeds, and rolls back.
    fileprivate static func rolledBackInstead(by statement: Statement) -> PostgresError {
        var error = PostgresError(
            .server(sqlState: SQLState.transactionFailed), "the transaction had failed: it was rolled back")
        error.statement = statement.name
        return error
    }
}
