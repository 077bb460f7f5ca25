import Logging

#if canImport(Darwin)
    import Darwin
    private let openFiles = RLIMIT_NOFILE
#elseif canImport(Glibc)
    import Glibc
    private let openFiles = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
#elseif canImport(Musl)
    import Musl
    private let openFiles = RLIMIT_NOFILE
#endif

/// The process's limit of open files, including connections.
enum OpenFiles {
    /// Needed in addition to clients' connections: connections to databases and Redis, and files.
    private static let others: rlim_t = 256

    /// Raises the limit as far as allowed, and logs an error if it is still too low.
    static func raiseLimit(for connections: Int, _ logger: Logger) {
        var limit = rlimit()
        guard getrlimit(openFiles, &limit) == 0 else {
            return logger.error("the limit of open files is unknown", metadata: ["errno": "\(errno)"])
        }
        var raised = limit
        raised.rlim_cur = limit.rlim_max
        if setrlimit(openFiles, &raised) == 0 {
            limit = raised
        } else {
            logger.error("the limit of open files cannot be raised", metadata: ["errno": "\(errno)"])
        }
        guard limit.rlim_cur < rlim_t(connections) + others else { return }
        logger.warning(
            "connections.total cannot be reached: the system allows too few open files (ulimit -Hn)",
            metadata: [
                "open_files": "\(limit.rlim_cur)", "needed": "\(rlim_t(connections) + others)",
                "connections.total": "\(connections)",
            ])
    }
}
