internal import Basics
public import Logging
public import NIOCore
internal import NIOPosix
internal import NIOSSL

/// Connects to a RabbitMQ broker: once, or again whenever the connection is lost.
public struct AMQPClient: Sendable {
    public let configuration: AMQPConfiguration
    private let tls: NIOSSLContext?
    private let eventLoopGroup: any EventLoopGroup
    private let logger: Logger

    /// A connection that ends sooner counts as a failure: a broker that accepts and then disconnects is not working.
    private static let shortestSuccess: Duration = .seconds(5)

    /// Does not connect. Reads the file of trust roots, if configured.
    public init(
        _ configuration: AMQPConfiguration, eventLoopGroup: any EventLoopGroup, logger: Logger
    ) throws(InvalidAMQPConfiguration) {
        try configuration.validate()
        self.configuration = configuration
        self.eventLoopGroup = eventLoopGroup
        self.logger = logger
        tls = try configuration.makeTLSContext()
    }

    /// - Returns: An open connection. Close it.
    /// - Throws: ``AMQPError``: `.connection`, `.timeout`, `.cancelled`, or `.server`, such as 403 for a wrong password
    ///   and 530 for a virtual host that does not exist.
    public func connect() async throws(AMQPError) -> AMQPConnection {
        let deadline = NIODeadline.now() + TimeAmount(configuration.connectTimeout)
        let connection = try await connectSocket()
        let handler = connection.handler
        let timeout = AMQPError(
            .timeout, "\(configuration) did not open a connection within \(configuration.connectTimeout)")
        let timer = connection.eventLoop.scheduleTask(deadline: deadline) { handler.value.end(timeout) }
        defer { timer.cancel() }
        try await withTaskCancellationHandler {
            await connection.opened.value()
        } onCancel: {
            connection.eventLoop.execute { handler.value.end(.cancelled) }
        }.get()
        logger.info("connected to RabbitMQ", metadata: ["url": "\(configuration)"])
        return connection
    }

    /// Does not wait for a socket any longer when the caller is cancelled.
    private func connectSocket() async throws(AMQPError) -> AMQPConnection {
        let connected = Waiter<Result<AMQPConnection, AMQPError>>()
        Task {
            let result = await attemptSocket()
            if !connected.offer(result), case .success(let unwanted) = result { await unwanted.close(within: .zero) }
        }
        return try await withTaskCancellationHandler {
            await connected.value()
        } onCancel: {
            connected.finish(.failure(.cancelled))
        }.get()
    }

    private func attemptSocket() async -> Result<AMQPConnection, AMQPError> {
        let bootstrap = ClientBootstrap(group: eventLoopGroup)
            .connectTimeout(TimeAmount(configuration.connectTimeout))
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(
                .writeBufferWaterMark,
                value: .init(low: Session.maximumUnsentBytes / 4, high: Session.maximumUnsentBytes))
        do {
            let connection = try await bootstrap.connect(host: configuration.host, port: configuration.port) {
                channel in
                channel.eventLoop.makeCompletedFuture {
                    let status = ConnectionStatus()
                    let handler = ConnectionHandler(configuration, status, logger: logger)
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: tls, serverHostname: configuration.serverName))
                    }
                    try channel.pipeline.syncOperations.addHandler(handler)
                    return AMQPConnection(configuration, channel, handler, status)
                }
            }
            return .success(connection)
        } catch {
            return .failure(AMQPError(.connection, "cannot connect to \(configuration): \(error)"))
        }
    }

    /// Runs `body` with a connection until it returns: again after each failure, with backoff.
    ///
    /// When the connection is lost, the task of `body` is cancelled. When `body` throws, the connection is closed, so that
    /// the broker delivers again what was not acknowledged. When it returns, the connection is closed after the confirms of
    /// what was published have arrived, or after `closeTimeout`.
    /// - Throws: `CancellationError`, after the caller's task was cancelled and `body` has ended.
    public func withConnection<T: Sendable>(
        backoffFrom first: Duration = .milliseconds(100), upTo maximum: Duration = .seconds(10),
        closeTimeout: Duration = .seconds(5), _ body: @escaping @Sendable (AMQPConnection) async throws -> T
    ) async throws -> T {
        var backoff = Backoff(from: first, upTo: maximum)
        while true {
            let start = ContinuousClock.now
            do {
                return try await runOnce(closeTimeout: closeTimeout, body)
            } catch {
                try Task.checkCancellation()
                if ContinuousClock.now - start >= Self.shortestSuccess { backoff.reset() }
                let delay = backoff.delay()
                logger.warning(
                    "no connection to RabbitMQ",
                    metadata: ["url": "\(configuration)", "error": "\(error)", "retry_in": "\(delay)"])
                try await Task.sleep(for: delay)
            }
        }
    }

    private func runOnce<T: Sendable>(
        closeTimeout: Duration, _ body: @escaping @Sendable (AMQPConnection) async throws -> T
    ) async throws -> T {
        let connection = try await connect()
        return try await withThrowingTaskGroup(of: T.self) { group in
            group.addTask { try await body(connection) }
            group.addTask { throw await connection.closed() }
            let first = await group.nextResult()
            group.cancelAll()
            // The second task ends with the connection, the first one because it is cancelled.
            if case .success = first {
                await connection.close(within: closeTimeout)
            } else {
                await connection.close(within: .zero)
            }
            guard let first else { preconditionFailure("there are two tasks") }
            return try first.get()
        }
    }
}
