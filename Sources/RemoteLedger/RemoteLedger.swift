import AsyncHTTPClient
import Inventory
import NIOCore

/// The ledger of a Khata server, reached over the HTTP contract with an API key.
///
/// It does not make up data that the contract lacks:
/// - The server decides the actor and the time: a context's `actor` is ignored, and changes with a `recordedAt` are
///   rejected. So are permanent idempotency keys, `.addProduct`, and `replay(of:)`.
/// - The key's stores are the scope: a query's own scope must be `.all`.
/// - Lists lack the versions of products and stores. Items of a list have the catalog's position instead, with which an
///   `If-Match` fails unless it happens to be the version: to change an item, read it on its own.
/// - If the server does not send the catalog's position (a list of several stores), it is zero.
/// - Both sides of a transfer have the time of the later one.
/// - A page has at most 1,000 items, whatever the limit.
public struct RemoteLedger: Sendable {
    let server: Server
    let cursors = Cursors()

    /// Runs `body` with a ledger, then closes its connections.
    /// - Parameters:
    ///   - key: An API key. Its role and stores decide what is allowed.
    ///   - observer: Receives connection failures and retries.
    public static func with<T: Sendable>(
        _ address: ServerAddress, key: String, retries: RetryPolicy = RetryPolicy(),
        observer: any RemoteLedgerObserver, _ body: (RemoteLedger) async throws -> T
    ) async throws -> T {
        var configuration = HTTPClient.Configuration()
        // TLS uses the system's trust store. A redirect would send the key to another server.
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(5)
        // `RetryPolicy` decides about retries.
        configuration.connectionPool.retryConnectionEstablishment = false
        // More requests wait for a connection, up to the connect timeout.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        return try await HTTPClient.withHTTPClient(configuration: configuration) { client in
            let link = HTTPLink(client: client, address: address, key: key)
            return try await body(RemoteLedger(server: Server(link: link, retries: retries, observer: observer)))
        }
    }
}

/// Failures between a ledger and its server.
public enum RemoteLedgerObservation: Sendable {
    case retried(reason: String, after: Duration)
    case gaveUp(reason: String)
}

public protocol RemoteLedgerObserver: Sendable {
    func observe(_ observation: RemoteLedgerObservation)
}
