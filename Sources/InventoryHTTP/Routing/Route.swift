import Access
import HTTPTypes
import HummingbirdCore

/// One line of the table of routes.
struct Route: Sendable {
    typealias Handler = @Sendable (RequestContext) async throws -> Response

    let method: HTTPRequest.Method
    /// As `/stores/{store_id}/stock`.
    let path: String
    /// The least role that may; `nil` when no token is needed.
    let role: Role?
    let reach: Reach
    /// What it can answer with, the preferred first.
    let formats: [MediaType]
    let handler: Handler

    /// What the route is about, as far as stores go.
    enum Reach {
        /// The stores of the caller: others do not exist.
        case ownStores
        /// Something that concerns all stores: who is limited to some may not.
        case allStores
    }

    init(
        _ method: HTTPRequest.Method, _ path: String, _ role: Role?, _ handler: @escaping Handler,
        reach: Reach = .ownStores, formats: [MediaType] = [.json]
    ) {
        self.method = method
        self.path = path
        self.role = role
        self.reach = reach
        self.formats = formats
        self.handler = handler
    }
}
