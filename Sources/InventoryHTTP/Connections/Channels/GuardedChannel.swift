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

/// Takes connections as far as there may be more, and puts what guards them between the socket and the HTTP.
struct GuardedChannel<Base: ServerChildChannel>: ServerChildChannel {
    let base: Base
    let limits: ConnectionLimits
    let certificate: ServerCertificate?
    private let counts: ConnectionCounts
    private let watches: ConnectionWatches

    init(base: Base, limits: ConnectionLimits, certificate: ServerCertificate?) {
        self.base = base
        self.limits = limits
        self.certificate = certificate
        counts = ConnectionCounts(limits)
        watches = ConnectionWatches(limits)
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        let address = channel.remoteAddress
        guard counts.enter(from: address) else {
            channel.close(promise: nil)
            return channel.eventLoop.makeFailedFuture(TooManyConnections())
        }
        channel.closeFuture.whenComplete { _ in counts.leave(from: address) }
        return channel.eventLoop.submit {
            let pipeline = channel.pipeline.syncOperations
            let pace = ConnectionPace(limits, isEncrypted: certificate != nil)
            try pipeline.addHandler(ConnectionMeter(pace, watches.watch(of: channel.eventLoop)))
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

/// The connection was closed at once.
private struct TooManyConnections: Error {}

/// How much of an answer the kernel takes ahead of the client: what it does not take is then seen here, and does not
/// fill the kernel's memory, which it would with megabytes for each connection.
private let unsentBytes = 32_768

/// What is read at a time: the requests in it are taken apart at once, and those that have to wait take ten times as much
/// memory as their bytes.
private let readAllocator = AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 2_048, maximum: 16_384)

extension NIOBSDSocket.Option {
    fileprivate static let unsentBytes = NIOBSDSocket.Option(rawValue: TCP_NOTSENT_LOWAT)
}
