/// What is stored, and this program cannot read: a newer one wrote it, or none of ours did.
public struct UnreadableData: Error, Hashable, CustomStringConvertible {
    public let description: String

    /// - Parameter description: What cannot be read, for who looks into the log.
    public init(_ description: String) {
        self.description = description
    }
}
