import HummingbirdCore
import Logging
import NIOCore
import NIOSSL

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Accepts connections up to the limits, and sets up what is below HTTP: timeouts, TLS and socket options.
struct GuardedChannel<Base: ServerChildChannel>: ServerChildChannel {
    let base: Base
    let limits: ConnectionLimits
    let certificate: ServerCertificate?
    private let counts: ConnectionCounts
    private let watches: ConnectionWatches
    private let memory: MemoryBudget

    init(
        base: Base, limits: ConnectionLimits, certificate: ServerCertificate?, watches: ConnectionWatches,
        memory: MemoryBudget
    ) {
        self.base = base
        self.limits = limits
        self.certificate = certificate
        counts = ConnectionCounts(limits)
        self.watches = watches
        self.memory = memory
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        let address = channel.remoteAddress
        guard counts.enter(from: address) else {
            watches.observer.observe(.connectionRefused)
            channel.close(promise: nil)
            return channel.eventLoop.makeFailedFuture(TooManyConnections())
        }
        watches.observer.observe(.connectionOpened)
        channel.closeFuture.whenComplete { _ in
            counts.leave(from: address)
            watches.observer.observe(.connectionClosed)
        }
        return channel.eventLoop.submit {
            let pipeline = channel.pipeline.syncOperations
            let pace = ConnectionPace(limits, isEncrypted: certificate != nil)
            try pipeline.addHandler(ConnectionMeter(pace, watches.watch(of: channel.eventLoop), memory))
            if let certificate { try pipeline.addHandler(NIOSSLServerHandler(context: certificate.context)) }
            try pipeline.addHandler(ResponseOutlet())
            try channel.syncOptions?.setOption(.tcpOption(.unsentBytes), value: unsentBytes)
            try channel.syncOptions?.setOption(.recvAllocator, value: readAllocator)
            try channel.syncOptions?.setOption(.maxMessagesPerRead, value: 1)
        }.flatMap {
            base.setup(channel: channel, logger: logger)
        }.flatMapErrorThrowing { error in
            channel.close(promise: nil)
            throw error
        }
    }

    func handle(value: Base.Value, logger: Logger) async {
        await base.handle(value: value, logger: logger)
    }
}

/// The connection was closed on accept.
private struct TooManyConnections: Error {}

/// How much unsent data the kernel buffers (`TCP_NOTSENT_LOWAT`): beyond that a slow client is noticed in this process,
/// and does not fill megabytes of the kernel's memory for each connection.
private let unsentBytes = 32_768

/// Limits how much is read at a time: all requests in it are parsed at once, and queued ones take ten times as much
/// memory as their bytes. A connection keeps the buffer that it began with.
private let readAllocator = AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 1_024, maximum: 16_384)

extension NIOBSDSocket.Option {
    fileprivate static let unsentBytes = NIOBSDSocket.Option(rawValue: TCP_NOTSENT_LOWAT)
}
