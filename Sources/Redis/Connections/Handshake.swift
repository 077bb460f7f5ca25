internal import NIOCore

/// The first commands on each new connection: authentication, database, and the server's identity.
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
            case .identify: RedisCommand("INFO")
            }
        }
    }

    /// - Returns: The server's identity once all replies have arrived, until then nil.
    /// - Throws: The server's error, `.connection` if it is a replica, or `.protocolViolation`.
    mutating func receive(_ value: RedisValue) throws(RedisError) -> String? {
        if let error = value.error { throw error }
        answered += 1
        guard answered == steps.count else { return nil }
        return try ServerInformation(value).identity(database: configuration.database)
    }
}

/// The reply to `INFO`.
struct ServerInformation {
    private let text: String

    init(_ reply: RedisValue) throws(RedisError) {
        guard let text = reply.string else { throw RedisError(.protocolViolation, "INFO is answered without a text") }
        self.text = text
    }

    /// The process, the database, and the replication id: a server that was a replica meanwhile comes back with another
    /// one (https://redis.io/docs/latest/operate/oss_and_stack/management/replication/#replication-id-explained).
    /// - Throws: `.connection` if it is a replica, whose data may be overwritten.
    func identity(database: Int) throws(RedisError) -> String {
        let process = try require("run_id")
        return "\(process).\(database)/\(try replicationID())"
    }

    /// - Throws: `.connection` if it is a replica.
    func replicationID() throws(RedisError) -> String {
        guard try require("role") == "master" else {
            throw RedisError(.connection, "the Redis is a replica: only a master is of use")
        }
        return try require("master_replid")
    }

    private func require(_ field: String) throws(RedisError) -> String {
        // Lines of `field:value` that end with CR LF, which to Swift is one character.
        for line in text.split(whereSeparator: \.isNewline) where line.hasPrefix(field + ":") {
            let value = line.dropFirst(field.count + 1)
            if !value.isEmpty { return String(value) }
        }
        throw RedisError(.protocolViolation, "INFO does not say \(field)")
    }
}
