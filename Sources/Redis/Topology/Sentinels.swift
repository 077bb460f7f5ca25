internal import Logging
internal import NIOCore
internal import NIOSSL
internal import Synchronization

/// Knows the current master, by asking the sentinels that watch it. Must be closed before it is released.
final class Sentinels: Sendable {
    let servers: [(address: RedisAddress, connection: Connection)]
    private let name: String
    private let timeout: Duration
    private let current = Mutex<RedisAddress?>(nil)

    /// Starts connecting, without waiting.
    init(
        _ addresses: [RedisAddress], master name: String, _ configuration: RedisConfiguration, tls: NIOSSLContext?,
        eventLoop: any EventLoop, logger: Logger
    ) {
        self.name = name
        timeout = configuration.lookupTimeout
        var configuration = configuration
        configuration.commandTimeout = timeout
        servers = addresses.map { [configuration] address in
            (
                address,
                Connection(configuration, to: .sentinel(address), tls: tls, eventLoop: eventLoop, logger: logger)
            )
        }
    }

    /// The address of the master, as last known.
    var lastMaster: RedisAddress? { current.withLock(\.self) }

    /// Asks all sentinels: right after a failover, or when they are cut off from the others, some know the old master only.
    func master() async -> Result<RedisAddress, RedisError> {
        let (answers, failure) = await servers.map(\.connection).lookUp(
            SentinelAnswer.commands(name), within: timeout
        ) { _, replies in
            Result { () throws(RedisError) in try SentinelAnswer(replies, name: name) }
        }
        let master = current.withLock { current in
            current = SentinelAnswer.master(by: answers, current: current) ?? current
            return answers.isEmpty ? nil : current
        }
        if let master { return .success(master) }
        let reason = failure?.message ?? "none answered within \(timeout)"
        return .failure(RedisError(.connection, "the sentinels do not say which Redis is the master: \(reason)"))
    }

    func close() async {
        for server in servers { await server.connection.close() }
    }
}
