internal import NIOCore

/// The first commands on each new connection: authentication, database, and the server's identity.
struct Handshake {
    private enum Step { case authenticate, select, identify }

    private let steps: [Step]
    private let configuration: RedisConfiguration
    private let destination: Destination
    private let user: String?
    private let password: String?
    private var answered = 0

    init(_ configuration: RedisConfiguration, to destination: Destination) {
        self.configuration = configuration
        self.destination = destination
        var steps: [Step] = [.identify]
        if case .sentinel = destination {
            (user, password) = (configuration.sentinelUser, configuration.sentinelPassword)
        } else {
            (user, password) = (configuration.user, configuration.password)
            if configuration.database != 0 { steps.insert(.select, at: 0) }
        }
        if password != nil { steps.insert(.authenticate, at: 0) }
        self.steps = steps
    }

    /// All in one write.
    var commands: [RedisCommand] {
        steps.map { step in
            switch step {
            case .authenticate: RedisCommand("AUTH", [user, password].compactMap { $0.map(RedisArgument.string) })
            case .select: RedisCommand("SELECT", .integer(Int64(configuration.database)))
            // A user of sentinels alone may not have INFO.
            case .identify: if case .sentinel = destination { RedisCommand("ROLE") } else { RedisCommand("INFO") }
            }
        }
    }

    /// - Returns: The server's identity once all replies have arrived, until then nil.
    /// - Throws: The server's error, `.connection` if it is not what it has to be, or `.protocolViolation`.
    mutating func receive(_ value: RedisValue) throws(RedisError) -> String? {
        if let error = value.error { throw error }
        answered += 1
        guard answered == steps.count else { return nil }
        switch destination {
        case .sentinel:
            guard value.array?.first?.string == "sentinel" else {
                throw RedisError(
                    .connection, "the server is no sentinel: redis-sentinel:// takes the addresses of sentinels")
            }
            return "sentinel"
        case .node:
            let information = try ServerInformation(value)
            try information.require(cluster: true)
            return try information.process
        case .master(_, let inCluster): return try identity(value, inCluster: inCluster)
        case .masterOf: return try identity(value, inCluster: false)
        }
    }

    private func identity(_ value: RedisValue, inCluster: Bool) throws(RedisError) -> String {
        let information = try ServerInformation(value)
        try information.require(cluster: inCluster)
        return try information.identity(database: configuration.database)
    }
}
