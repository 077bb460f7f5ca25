internal import CLibPQ
internal import Logging

/// Receives unsolicited messages of the server, for the lifetime of its ``Wire``.
final class Notices {
    private let logger: Logger
    /// The server announced that it closes the connection (`FATAL: terminating connection …`).
    private(set) var announcedEnd = false

    init(logger: Logger) {
        self.logger = logger
    }

    func receive(_ result: OpaquePointer) {
        let severity = ServerResult.field(.severity, of: result) ?? ""
        announcedEnd = announcedEnd || ["FATAL", "PANIC"].contains(severity)
        // NOTICE, INFO, LOG and DEBUG are ignored ("relation already exists, skipping").
        let level: Logger.Level = announcedEnd || severity == "WARNING" ? .notice : .debug
        let message = ServerResult.field(.message, of: result) ?? ""
        logger.log(level: level, "\(message)", metadata: ["severity": "\(severity)"])
    }
}
