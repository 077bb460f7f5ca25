internal import Logging
internal import NIOCore
internal import NIOSSL
internal import Synchronization

/// A thread-safe wrapper of a ``Link``.
///
/// Requests are collected in a list that the event loop takes as a whole, in one turn; the first one wakes it.
final class Connection: Sendable {
    private struct Shared {
        var submitted: [(request: Request, deadline: NIODeadline)] = []
        var submittedCommands = 0
        /// The connected server, or why there is none; `nil` during the first attempt.
        var server: Result<String, RedisError>?
        var isClosed = false
    }

    let eventLoop: any EventLoop
    private let commandTimeout: TimeAmount
    private let identityInterval: Duration
    private let maximumSubmitted: Int
    private let shared: Mutex<Shared>
    private let link: NIOLoopBoundBox<Link?>

    /// Starts connecting.
    /// - Parameter onEvent: Called on the event loop.
    init(
        _ configuration: RedisConfiguration, to destination: Destination, tls: NIOSSLContext?, eventLoop: any EventLoop,
        logger: Logger, onEvent: @escaping @Sendable (Link.Event) -> Void = { _ in }
    ) {
        self.eventLoop = eventLoop
        commandTimeout = TimeAmount(configuration.commandTimeout)
        identityInterval = configuration.identityInterval
        maximumSubmitted = configuration.maximumInFlight + configuration.maximumWaiting
        shared = Mutex(Shared())
        link = .makeEmptyBox(eventLoop: eventLoop)
        eventLoop.execute { [self] in
            let link = Link(configuration, to: destination, tls: tls, eventLoop: eventLoop, logger: logger) {
                [weak self] event in
                switch event {
                case .connected(let identity): self?.shared.withLock { $0.server = .success(identity) }
                case .lost(let error): self?.shared.withLock { $0.server = .failure(error) }
                case .moved: break
                }
                onEvent(event)
            }
            self.link.value = link
            link.connect()
        }
    }

    /// The identity of the connected server, as currently known.
    var identity: String? { try? server?.get() }

    /// The identity of the connected server, or why there is none; `nil` during the first attempt.
    var server: Result<String, RedisError>? { shared.withLock(\.server) }

    /// Waits for the replies, no longer than the timeout of commands.
    func perform(_ request: Request) async -> Request.Outcome {
        await withTaskCancellationHandler {
            await withCheckedContinuation { caller in
                if request.wait(caller) { submit(request) }
            }
        } onCancel: {
            request.finish(.failure(.cancelled))
        }
    }

    private func submit(_ request: Request) {
        let commands = request.commands.count
        let (refusal, isFirst): (RedisError?, Bool) = shared.withLock { shared in
            if shared.isClosed { return (.closed, false) }
            guard shared.submittedCommands + commands <= maximumSubmitted else {
                return (
                    RedisError(.overloaded, "\(shared.submittedCommands) Redis commands wait for their event loop"),
                    false
                )
            }
            shared.submitted.append((request, .now() + commandTimeout))
            shared.submittedCommands += commands
            return (nil, shared.submitted.count == 1)
        }
        if let refusal { return request.finish(.failure(refusal)) }
        if isFirst { eventLoop.execute { self.takeSubmitted() } }
    }

    private func takeSubmitted() {
        let submitted = shared.withLock { shared in
            defer { (shared.submitted, shared.submittedCommands) = ([], 0) }
            return shared.submitted
        }
        link.value?.submit(submitted)
    }

    /// Periodically checks whether the server is still the same: a master that becomes a replica may keep its
    /// connections.
    func watchIdentity() async {
        while (try? await Task.sleep(for: identityInterval)) != nil {
            guard let identity, let reply = await replicationInformation(of: identity) else { continue }
            let isSame = (try? ServerInformation(reply).replicationID()).map { identity.hasSuffix("/\($0)") } ?? false
            guard !isSame else { continue }
            eventLoop.execute { [self] in
                guard let link = link.value, link.identity == identity else { return }
                link.lost(RedisError(.connection, "the Redis is not the master that it was"))
            }
        }
    }

    /// - Returns: nil if there is no reply.
    private func replicationInformation(of identity: String) async -> RedisValue? {
        let request = Request(.one(RedisCommand("INFO", "replication")), expecting: identity)
        guard case .success(.one(let reply)) = await perform(request) else { return nil }
        return reply
    }

    /// Gives up a connection, or an attempt, to another address than the one where the sentinels say the master is.
    func leave(unlessAt master: RedisAddress) {
        eventLoop.execute { [self] in
            guard let link = link.value, let address = link.address, address != master else { return }
            link.lost(RedisError(.connection, "the sentinels say that the master is now \(master)"))
        }
    }

    /// - Parameter error: For the pending commands.
    func close(failing error: RedisError = .closed) async {
        shared.withLock { $0.isClosed = true }
        let closed = eventLoop.flatSubmit { [self] in
            takeSubmitted()
            return link.value?.close(failing: error) ?? eventLoop.makeSucceededVoidFuture()
        }
        // Closing a socket may report an error, but closes it.
        try? await closed.get()
    }
}
