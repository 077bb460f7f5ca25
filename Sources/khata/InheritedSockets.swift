import Foundation

/// The sockets that a service manager listens on for this process, so that connections wait while it is restarted
/// (`sd_listen_fds(3)`).
struct InheritedSockets: Equatable {
    private(set) var api: CInt?
    private(set) var ops: CInt?

    /// The descriptor of the first one; the others follow.
    private static let first: CInt = 3

    /// - Throws: `SettingsError`, if the sockets are not named `api` and `ops`: one without a name could expose the
    ///   operator's routes in place of the API's.
    init(_ environment: [String: String], of processID: CInt) throws(SettingsError) {
        // Variables for another process may have been handed down.
        guard environment["LISTEN_PID"] == "\(processID)", let text = environment["LISTEN_FDS"] else { return }
        guard let count = Int(text), count >= 0 else {
            throw SettingsError("LISTEN_FDS is \"\(text)\": it has to be the number of sockets that are passed")
        }
        guard count > 0 else { return }
        let names = (environment["LISTEN_FDNAMES"] ?? "").split(separator: ":", omittingEmptySubsequences: false)
        guard names.count == count else { throw Self.misnamed(names) }
        for (socket, name) in zip(Self.first..., names) {
            switch name {
            case "api" where api == nil: api = socket
            case "ops" where ops == nil: ops = socket
            default: throw Self.misnamed(names)
            }
        }
    }

    /// - Throws: `SettingsError`, unless each descriptor is a TCP socket that listens.
    func check() throws(SettingsError) {
        for (name, socket) in [("api", api), ("ops", ops)] {
            guard let socket, let defect = Self.defect(of: socket) else { continue }
            throw SettingsError(
                "descriptor \(socket), which the service manager passes as \"\(name)\", \(defect): in the .socket unit, "
                    + "set ListenStream to an address and a port, and leave Accept at no")
        }
    }

    private static func defect(of descriptor: CInt) -> String? {
        guard fcntl(descriptor, F_GETFD) != -1 else { return "is not open" }
        guard let type = option(SO_TYPE, of: descriptor), let family = family(of: descriptor) else {
            return "is not a socket"
        }
        guard type == CInt(SOCK_STREAM.rawValue), family == AF_INET || family == AF_INET6 else {
            return "is not a TCP socket"
        }
        return option(SO_ACCEPTCONN, of: descriptor) == 1 ? nil : "does not listen"
    }

    private static func option(_ name: CInt, of descriptor: CInt) -> CInt? {
        var value: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : nil
    }

    private static func family(of descriptor: CInt) -> CInt? {
        var address = sockaddr()
        var size = socklen_t(MemoryLayout<sockaddr>.size)
        return getsockname(descriptor, &address, &size) == 0 ? CInt(address.sa_family) : nil
    }

    private static func misnamed(_ names: [Substring]) -> SettingsError {
        SettingsError(
            "the service manager passes sockets named \"\(names.joined(separator: ", "))\": in each .socket unit, set "
                + "FileDescriptorName=api or FileDescriptorName=ops, with one ListenStream")
    }
}
