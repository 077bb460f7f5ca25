extension Collection<Connection> {
    /// Asks all servers at once.
    /// - Parameters:
    ///   - timeout: Servers that take longer do not count.
    ///   - read: Reads the replies of one server to the commands.
    /// - Returns: Also why a server has no answer. What a server said comes before what became of connections.
    func lookUp<Answer>(
        _ commands: [RedisCommand], within timeout: Duration,
        _ read: (Connection, [RedisValue]) -> Result<Answer, RedisError>
    ) async -> (answers: [Answer], failure: RedisError?) {
        await withTaskGroup(of: (Connection, Request.Outcome)?.self) { group in
            for connection in self {
                group.addTask { (connection, await connection.perform(Request(.many(commands), expecting: nil))) }
            }
            group.addTask {
                try? await Task.sleep(for: timeout)
                return nil
            }
            var answers: [Answer] = []
            var (refusal, failure): (RedisError?, RedisError?)
            for _ in self {
                guard let (connection, outcome) = await group.next().flatMap(\.self) else { break }
                switch outcome {
                case .success(.many(let replies)):
                    switch read(connection, replies) {
                    case .success(let answer): answers.append(answer)
                    case .failure(let error): refusal = error
                    }
                case .success(.one): preconditionFailure("several commands have several replies")
                case .failure(let error): failure = error
                }
            }
            group.cancelAll()
            return (answers, refusal ?? failure)
        }
    }
}
