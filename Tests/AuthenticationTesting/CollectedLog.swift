public import Logging
import Synchronization

/// Keeps all that is logged.
public final class CollectedLog: Sendable {
    private let lines = Mutex("")

    public init() {}

    public var text: String { lines.withLock { $0 } }

    public var logger: Logger {
        var logger = Logger(label: "test", factory: { _ in Handler(log: self) })
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let log: CollectedLog
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .trace

        func log(event: LogEvent) {
            log.lines.withLock { $0 += "\(event.level) \(event.message) \(event.metadata ?? [:])\n" }
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
    }
}
