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
        var identity: String?
        var isClosed = false
    }

    let eventLoop: any EventLoop
    private let commandTimeout: TimeAmount
    private let identityInterval: Duration
    private let maximumSubmitted: Int
    private let shared: Mutex<Shared>
    private let link: NIOLoopBoundBox<Link?>

    /// Starts connecting.
    init(_ configuration: RedisConfiguration, tls: NIOSSLContext?, eventLoop: any EventLoop, logger: Logger) {
        self.eventLoop = eventLoop
        commandTimeout = TimeAmount(configuration.commandTimeout)
        identityInterval = configuration.identityInterval
        maximumSubmitted = configuration.maximumInFlight + configuration.maximumWaiting
        shared = Mutex(Shared())
        link = .makeEmptyBox(eventLoop: eventLoop)
        eventLoop.execute { [self] in
            let link = Link(configuration, tls: tls, eventLoop: eventLoop, logger: logger) { [weak self] identity in
                self?.shared.withLock { $0.identity = identity }
            }
            self.link.value = link
            link.connect()
        }
    }

    /// The connected server, as currently known.
    var identity: String? { shared.withLock(\.identity) }

    func submit(_ request: Request) {
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
            guard let identity, let reply = await ask(RedisCommand("INFO", "replication"), of: identity) else {
                continue
            }
            let isSame = (try? ServerInformation(reply).replicationID()).map { identity.hasSuffix("/\($0)") } ?? false
            guard !isSame else { continue }
            eventLoop.execute { [self] in
                guard let link = link.value, link.identity == identity else { return }
                link.lost(RedisError(.connection, "the Redis is not the master that it was"))
            }
        }
    }

    /// - Returns: nil if there is no reply.
    private func ask(_ command: RedisCommand, of identity: String) async -> RedisValue? {
        let request = Request(.one(command), expecting: identity)
        let outcome = await withCheckedContinuation { caller in
            if request.wait(caller) { submit(request) }
        }
        guard case .success(.one(let reply)) = outcome else { return nil }
        return reply
    }

    func close() async {
        shared.withLock { $0.isClosed = true }
        let closed = eventLoop.flatSubmit { [self] in
            takeSubmitted()
            return link.value?.close() ?? eventLoop.makeSucceededVoidFuture()
        }
        // Closing a socket may report an error, but closes it.
        try? await closed.get()
    }
}
