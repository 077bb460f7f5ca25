import AsyncHTTPClient
import Inventory
import NIOCore

/// The ledger of a Khata server, reached over the HTTP contract with an API key.
///
/// What the contract does not say, this does not make up:
/// - The server decides whose request it is and when it is recorded: a context's `actor` goes unused, and what has a
///   `recordedAt` is rejected. So are permanent idempotency keys, `.addProduct`, and the question what a key remembers.
/// - The stores that exist are those of the key: a query's scope has to be `.all`.
/// - Lists do not tell the versions of products and stores. Those in a list carry the catalog's position at which it was
///   read, which no `If-Match` admits unless it is the version by chance: read one by itself to change it.
/// - Where the server does not tell the catalog's position (a list over several stores), it is zero.
/// - Both sides of a transfer carry the time of the later one.
/// - A page has at most 1,000 items, whatever limit was asked for.
public struct RemoteLedger: Sendable {
    let server: Server
    let cursors = Cursors()

    /// Lends a ledger, and closes its connections when `body` is done.
    /// - Parameters:
    ///   - key: An API key. Its role and stores decide what can be done.
    ///   - observer: Is told what goes wrong underneath.
    public static func with<T: Sendable>(
        _ address: ServerAddress, key: String, retries: RetryPolicy = RetryPolicy(),
        observer: any RemoteLedgerObserver, _ body: (RemoteLedger) async throws -> T
    ) async throws -> T {
        var configuration = HTTPClient.Configuration()
        // TLS trusts whom the system trusts. A redirection would take the key elsewhere.
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(5)
        // `RetryPolicy` decides what is tried again.
        configuration.connectionPool.retryConnectionEstablishment = false
        // Beyond that requests wait for each other, for as long as a connection may take at most.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        return try await HTTPClient.withHTTPClient(configuration: configuration) { client in
            let link = HTTPLink(client: client, address: address, key: key)
            return try await body(RemoteLedger(server: Server(link: link, retries: retries, observer: observer)))
        }
    }
}

/// What may go wrong between a ledger and its server.
public enum RemoteLedgerObservation: Sendable {
    case retried(reason: String, after: Duration)
    case gaveUp(reason: String)
}

public protocol RemoteLedgerObserver: Sendable {
    func observe(_ observation: RemoteLedgerObservation)
}
