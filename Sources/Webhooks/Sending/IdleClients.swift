import Access
import AsyncHTTPClient
import Synchronization

/// HTTP clients with an open connection to a receiver, kept for its next messages: to connect, with TLS above all, costs more
/// than to send one. A connection that is not used for a minute is closed by its client.
final class IdleClients: Sendable {
    private struct Entry {
        let url: String
        let address: String
        let client: HTTPClient
    }

    private struct State {
        /// Those that were used last at the end.
        var entries: [Entry] = []
        var isClosed = false
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int = WebhookRecord.maximum) {
        self.limit = limit
    }

    /// Takes a client that is connected to one of the addresses, which have been checked.
    func take(_ url: WebhookURL, at addresses: [String]) -> (client: HTTPClient, address: String)? {
        state.withLock { state in
            let last = state.entries.lastIndex { $0.url == url.text && addresses.contains($0.address) }
            return last.map { state.entries.remove(at: $0) }.map { ($0.client, $0.address) }
        }
    }

    /// Keeps a client, and closes the one that was not used for the longest time if there are too many.
    func keep(_ client: HTTPClient, of url: WebhookURL, at address: String) async {
        let surplus = state.withLock { state in
            guard !state.isClosed else { return client as HTTPClient? }
            state.entries.append(Entry(url: url.text, address: address, client: client))
            return state.entries.count > limit ? state.entries.removeFirst().client : nil
        }
        try? await surplus?.shutdown()
    }

    /// Closes all, and those that are still used when they would be kept.
    func close() async {
        let entries = state.withLock { state in
            defer { state = State(isClosed: true) }
            return state.entries
        }
        for entry in entries { try? await entry.client.shutdown() }
    }
}
