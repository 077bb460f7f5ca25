public import NIOCore

/// Where a server accepts connections.
public enum ListeningAddress: Sendable {
    /// Port 0 picks a free one.
    case hostname(String, port: Int)
    /// A socket that listens already and is held by another process too, so that connections wait there while this one
    /// is restarted.
    case socket(NIOBSDSocket.Handle)
}
