import Logging

/// Writes each event as one line.
struct LineLogHandler: LogHandler {
    let format: LogFormat
    /// Writes a whole line, with its line break.
    let write: @Sendable (_ line: String, Logger.Level) -> Void
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var fields = metadata
        if let metadataProvider { fields.merge(metadataProvider.get()) { $1 } }
        if let more = event.metadata { fields.merge(more) { $1 } }
        var line = LogLine(format, event.level, event.message.description)
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) { line.append(key, value) }
        write(line.end(), event.level)
    }
}
