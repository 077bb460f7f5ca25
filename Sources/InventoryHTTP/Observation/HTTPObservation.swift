public import HTTPTypes
package import InventoryContract
public import StockCache

/// What can be observed of the HTTP server, for logs and metrics.
public enum HTTPObservation: Sendable {
    case requestBegan
    /// The request could not be read to its end, so it got no response.
    case requestUnreadable
    case documentRead(DocumentKind, DocumentOrigin)
    /// A document was loaded from the database, for one reader or for many that wait.
    case documentLoaded(DocumentKind)
    case connectionOpened
    case connectionClosed
    /// There are too many, in total or from one address.
    case connectionRefused
    /// A connection was ended that its client had not ended.
    case connectionCut(ConnectionCut)
}

/// The cached documents, by what they are about.
public enum DocumentKind: Int, CaseIterable, Sendable {
    case stock, level, levelByName, productByName, products, stores
}

/// Why a connection was ended.
public enum ConnectionCut: String, CaseIterable, Sendable {
    /// Nothing came, or not another request.
    case idle
    /// The TLS handshake took too long, or the client did not close after the last response.
    case unresponsive
    case slowHead = "slow-head"
    case slowBody = "slow-body"
    /// The client was too slow to take its responses.
    case slowReader = "slow-reader"
    /// What the client had not taken yet needed more memory than there was.
    case memory
    /// What came was not HTTP, or its head was too long.
    case malformed
    /// It was left when the time for the shutdown was over.
    case shutdown
}

/// A route, as its declaration names it.
public struct RouteName: Hashable, Sendable {
    public let method: String
    /// For example `/stores/{store_id}/stock`.
    public let path: String
}

/// A request that has been responded to. Of a stream, only the beginning.
public struct ServedRequest: Sendable {
    public let request: HTTPRequest
    public let requestID: String
    /// The id of the principal; `nil` if it is unknown.
    public let principal: String?
    public let response: HTTPResponse
    /// The problem that the response tells.
    package let problem: Problem?
    public let duration: Duration
}

extension ServedRequest {
    /// The id of the trace that the caller says the request is part of.
    public var traceID: String? { request.traceID }
    /// `Cache-Status` of the response.
    public var cacheStatus: String? { value(of: .cacheStatus) }
    /// The ledger's position in the response.
    public var position: String? { value(of: .inventoryPosition) }

    /// Of a field that there is at most once: the subscript makes an index of all fields first.
    private func value(of name: HTTPField.Name) -> String? { response.headerFields.first { $0.name == name }?.value }
}

/// Receives what is observed, on any thread, often on an event loop: it must not wait for anything.
public protocol HTTPObserver: Sendable {
    func observe(_ observation: HTTPObservation)

    /// Called once for each route, before requests are served, so that what is counted by route is looked up only once.
    /// - Parameter route: `nil` for requests that reach no route.
    /// - Returns: Receives the requests to the route.
    func requests(to route: RouteName?) -> @Sendable (ServedRequest) -> Void
}

/// Observes nothing.
public struct NoHTTPObserver: HTTPObserver {
    public init() {}
    public func observe(_ observation: HTTPObservation) {}
    public func requests(to route: RouteName?) -> @Sendable (ServedRequest) -> Void { { _ in } }
}
