/// What is said on each new connection before any command: who we are, which database, and which server is this?
struct Handshake {
    private enum Step { case authenticate, select, identify }

    private let steps: [Step]
    private let configuration: RedisConfiguration
    private var answered = 0

    init(_ configuration: RedisConfiguration) {
        self.configuration = configuration
        var steps: [Step] = [.identify]
        if configuration.database != 0 { steps.insert(.select, at: 0) }
        if configuration.password != nil { steps.insert(.authenticate, at: 0) }
        self.steps = steps
    }

    /// All in one write.
    var commands: [RedisCommand] {
        steps.map { step in
            switch step {
            case .authenticate:
                RedisCommand(
                    "AUTH", [configuration.user, configuration.password].compactMap { $0.map(RedisArgument.string) })
            case .select: RedisCommand("SELECT", .integer(Int64(configuration.database)))
            case .identify: RedisCommand("INFO", "server")
            }
        }
    }

    /// - Returns: The server's run_id once all is answered, until then nil.
    /// - Throws: The server's refusal, or `.protocolViolation`.
    mutating func receive(_ value: RedisValue) throws(RedisError) -> String? {
        if let error = value.error { throw error }
        answered += 1
        guard answered == steps.count else { return nil }
        guard let information = value.string, let runID = Self.runID(in: information) else {
            throw RedisError(.protocolViolation, "INFO server does not say run_id")
        }
        return runID
    }

    /// `INFO` answers with lines of `field:value` that end with CR LF, which to Swift is one character.
    static func runID(in information: String) -> String? {
        for line in information.split(whereSeparator: \.isNewline) where line.hasPrefix("run_id:") {
            let runID = line.dropFirst("run_id:".count)
            return runID.isEmpty ? nil : String(runID)
        }
        return nil
    }
}
