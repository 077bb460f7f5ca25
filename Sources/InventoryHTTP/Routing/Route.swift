import Access
import HTTPTypes
import HummingbirdCore

/// The declaration of a route: all that is known of it besides what its handler does.
struct Route: Sendable {
    typealias Handler = @Sendable (RequestContext) async throws -> Response

    let method: HTTPRequest.Method
    /// As `/stores/{store_id}/stock`.
    let path: String
    /// The least role that may; `nil` when no credential is needed.
    let role: Role?
    let reach: Reach
    /// Those that its query may have: others are refused. `nil` ignores the query.
    let parameters: [QueryParameter]?
    /// Whether it reads a body, which is JSON.
    let takesBody: Bool
    /// The formats of its response, the preferred one first.
    let formats: [MediaType]
    /// Those of its responses that are no problems.
    let statuses: [HTTPResponse.Status]
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
        reach: Reach = .ownStores, parameters: [QueryParameter]? = [], takesBody: Bool = false,
        formats: [MediaType] = [.json], statuses: [HTTPResponse.Status]
    ) {
        self.method = method
        self.path = path
        self.role = role
        self.reach = reach
        self.parameters = parameters
        self.takesBody = takesBody
        self.formats = formats
        self.statuses = statuses
        self.handler = handler
    }
}

extension [HTTPResponse.Status] {
    /// Of a read whose response has a tag, which a client may have already.
    static let tagged: Self = [.ok, .notModified]
}
