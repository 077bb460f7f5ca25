/// Stored data that this program cannot read: a newer version wrote it, or another program.
public struct UnreadableData: Error, Hashable, CustomStringConvertible {
    public let description: String

    /// - Parameter description: What cannot be read, for the log.
    public init(_ description: String) {
        self.description = description
    }
}
