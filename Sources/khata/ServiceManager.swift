import Basics
import Foundation
import Logging

/// A service manager, such as systemd, that waits to be told how far this process is (`sd_notify(3)`).
struct ServiceManager: Sendable {
    private let address: sockaddr_un
    private let addressBytes: Int
    private let logger: Logger

    /// - Returns: `nil` if nobody waits.
    /// - Throws: `SettingsError` unless `NOTIFY_SOCKET` is an absolute path, or a name in the abstract namespace
    ///   (`unix(7)`) after `@`.
    init?(_ environment: [String: String], _ logger: Logger) throws(SettingsError) {
        guard let name = environment["NOTIFY_SOCKET"], !name.isEmpty else { return nil }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(name.utf8)
        guard bytes[0] == UInt8(ascii: "/") || bytes[0] == UInt8(ascii: "@"),
            2...MemoryLayout.size(ofValue: address.sun_path) ~= bytes.count
        else {
            throw SettingsError(
                "NOTIFY_SOCKET is \"\(name)\": it has to be an absolute path, or @ and a name, of at most "
                    + "\(MemoryLayout.size(ofValue: address.sun_path)) bytes")
        }
        if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        self.address = address
        // All bytes count in an abstract name, so there must be none after it.
        addressBytes = MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! + bytes.count
        self.logger = logger
    }

    /// - Parameter state: Such as `READY=1`.
    func tell(_ state: String) async {
        do {
            try await onBlockingThread { try send(state) }
        } catch {
            logger.error("the service manager cannot be told", metadata: ["state": "\(state)", "error": "\(error)"])
        }
    }

    /// Waits for five seconds at most, if its receiver has too much to read.
    private func send(_ state: String) throws {
        let descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0)
        guard descriptor != -1 else { throw Self.lastError }
        defer { close(descriptor) }
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        guard setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size)) == 0 else {
            throw Self.lastError
        }
        let sent = withUnsafePointer(to: address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, state, state.utf8.count, 0, $0, socklen_t(addressBytes))
            }
        }
        guard sent != -1 else { throw Self.lastError }
    }

    private static var lastError: Failure { Failure(String(cString: strerror(errno))) }
}
