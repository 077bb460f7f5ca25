import Access
import HTTPTypes
import HummingbirdCore

/// The declaration of a route.
struct Route: Sendable {
    typealias Handler = @Sendable (RequestContext) async throws -> Response

    let method: HTTPRequest.Method
    /// For example `/stores/{store_id}/stock`.
    let path: String
    /// The minimum role; `nil` if no credential is needed.
    let role: Role?
    let reach: Reach
    /// The query parameters it accepts: others are refused. `nil` ignores the query.
    let parameters: [QueryParameter]?
    /// The JSON body it reads; `nil` if it reads none.
    let body: (any DeclaredBody.Type)?
    /// The formats of its response, the preferred one first.
    let formats: [MediaType]
    /// The statuses of its responses, except problems.
    let statuses: [HTTPResponse.Status]
    /// Whether a response may take so long that the caller's permission has to be checked again.
    let isLongLived: Bool
    let handler: Handler
    /// Receives the requests to it.
    var observer: @Sendable (ServedRequest) -> Void = { _ in }

    /// Which stores the route concerns.
    enum Reach {
        /// The caller's stores: others do not exist.
        case ownStores
        /// All stores: refused for callers that are limited to some.
        case allStores
    }

    init(
        _ method: HTTPRequest.Method, _ path: String, _ role: Role?, _ handler: @escaping Handler,
        reach: Reach = .ownStores, parameters: [QueryParameter]? = [], body: (any DeclaredBody.Type)? = nil,
        formats: [MediaType] = [.json], statuses: [HTTPResponse.Status], isLongLived: Bool = false
    ) {
        self.method = method
        self.path = path
        self.role = role
        self.reach = reach
        self.parameters = parameters
        self.body = body
        self.formats = formats
        self.statuses = statuses
        self.isLongLived = isLongLived
        self.handler = handler
    }
}

extension [HTTPResponse.Status] {
    /// For a read whose response has an `ETag`.
    static let tagged: Self = [.ok, .notModified]
}
