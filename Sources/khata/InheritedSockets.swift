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
        guard environment["LISTEN_PID"] == "\(processID)", let count = environment["LISTEN_FDS"].flatMap(Int.init),
            count > 0
        else { return }
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

    private static func misnamed(_ names: [Substring]) -> SettingsError {
        SettingsError(
            "the service manager passes sockets named \"\(names.joined(separator: ", "))\": in each .socket unit, set "
                + "FileDescriptorName=api or FileDescriptorName=ops, with one ListenStream")
    }
}
