import Logging
import NIOCore
import NIOPosix

/// A service manager, such as systemd, that waits to be told how far this process is (`sd_notify(3)`).
struct ServiceManager: Sendable {
    private let path: String
    private let logger: Logger

    /// - Returns: `nil` if nobody waits.
    init?(_ environment: [String: String], _ logger: Logger) {
        guard let path = environment["NOTIFY_SOCKET"] else { return nil }
        self.path = path
        self.logger = logger
    }

    /// - Parameter state: Such as `READY=1`.
    func tell(_ state: String) async {
        do {
            let channel = try await DatagramBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connect(unixDomainSocketPath: path).get()
            try await channel.writeAndFlush(ByteBuffer(string: state))
            try await channel.close()
        } catch {
            logger.error("the service manager cannot be told", metadata: ["state": "\(state)", "error": "\(error)"])
        }
    }
}
