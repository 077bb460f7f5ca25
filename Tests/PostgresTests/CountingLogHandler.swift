import Logging
import Synchronization

/// Counts what is logged at `warning` and above.
struct CountingLogHandler: LogHandler {
    final class Count: Sendable {
        let value = Atomic(0)
    }

    let count: Count
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .warning

    func log(event: LogEvent) {
        count.value.add(1, ordering: .relaxed)
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }
}
