import Access
import HTTPTypes
import HummingbirdCore

/// One line of the table of routes.
struct Route: Sendable {
    typealias Handler = @Sendable (Call) async throws -> Response

    let method: HTTPRequest.Method
    /// As `/stores/{store_id}/stock`.
    let path: String
    /// The least role that may; `nil` when no token is needed.
    let role: Role?
    /// What it can answer with, the preferred first.
    let formats: [MediaType]
    let handler: Handler

    init(
        _ method: HTTPRequest.Method, _ path: String, _ role: Role?, _ handler: @escaping Handler,
        formats: [MediaType] = [.json]
    ) {
        self.method = method
        self.path = path
        self.role = role
        self.formats = formats
        self.handler = handler
    }
}
