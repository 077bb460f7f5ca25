internal import NIOCore
internal import NIOPosix
internal import NIOSSL

extension Link {
    /// Makes one attempt.
    func connect() {
        let attempt = beginAttempt()
        switch destination {
        case .master(let address, _), .node(let address), .sentinel(let address): connect(to: address, attempt)
        case .masterOf(let sentinels):
            let isolatedSelf = NIOLoopBound(self, eventLoop: eventLoop)
            Task { [eventLoop] in
                let master = await sentinels.master()
                eventLoop.execute { isolatedSelf.value.found(master, attempt) }
            }
        }
    }

    private func found(_ master: Result<RedisAddress, RedisError>, _ attempt: Int) {
        guard isCurrent(attempt) else { return }
        switch master {
        case .success(let address): connect(to: address, attempt)
        case .failure(let error): lost(error)
        }
    }

    private func connect(to address: RedisAddress, _ attempt: Int) {
        self.address = address
        let isolatedSelf = NIOLoopBound(self, eventLoop: eventLoop)
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(configuration.connectTimeout))
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(
                .writeBufferWaterMark, value: .init(low: Self.maximumUnsentBytes / 4, high: Self.maximumUnsentBytes)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try isolatedSelf.value.prepare(channel, to: address) }
            }
        let channel =
            switch address {
            case .host(let host, let port):
                bootstrap.channelOption(.tcpOption(.tcp_nodelay), value: 1).connect(host: host, port: port)
            case .unixSocket(let path): bootstrap.connect(unixDomainSocketPath: path)
            }
        channel.assumeIsolated().whenComplete { self.attempted($0, to: address, attempt) }
    }

    /// A name with several addresses makes several channels, of which one is connected: they do not know the link.
    private func prepare(_ channel: any Channel, to address: RedisAddress) throws {
        if let tls {
            try channel.pipeline.syncOperations.addHandler(
                NIOSSLClientHandler(context: tls, serverHostname: address.serverName))
        }
        try channel.pipeline.syncOperations.addHandler(
            ReplyHandler(maximumReplyBytes: configuration.maximumReplyBytes))
    }

    private func attempted(_ result: Result<any Channel, any Error>, to address: RedisAddress, _ attempt: Int) {
        guard isCurrent(attempt) else {
            // The attempt timed out before, or the client was closed.
            if case .success(let channel) = result { channel.close(promise: nil) }
            return
        }
        do {
            let channel = try result.get()
            let handler = try channel.pipeline.syncOperations.handler(type: ReplyHandler.self)
            opened(channel, handler)
        } catch {
            lost(RedisError(.connection, "cannot connect to \(address): \(error)"))
        }
    }
}
