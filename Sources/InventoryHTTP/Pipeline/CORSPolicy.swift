import HTTPTypes
import HummingbirdCore
import InventoryContract

/// Which other origins' pages may use the API from browsers (Fetch standard, "CORS protocol"). Never with cookies or
/// other credentials that a browser stores: a page needs a key of its own.
public struct CORSPolicy: Sendable, CustomStringConvertible {
    private enum Origins {
        case any
        case only(Set<String>)
    }

    private let origins: Origins

    /// - Parameter list: `*`, or origins as browsers write them (`https://shop.example`, with a port unless it is the
    ///   scheme's default), separated by commas.
    public init(_ list: String) throws(InvalidOrigin) {
        guard list != "*" else {
            origins = .any
            return
        }
        var origins: Set<String> = []
        for item in list.split(separator: ",", omittingEmptySubsequences: false) {
            origins.insert(try Self.origin(item))
        }
        self.origins = .only(origins)
    }

    public var description: String {
        switch origins {
        case .any: "*"
        case .only(let origins): origins.sorted().joined(separator: ", ")
        }
    }

    private static func origin(_ text: Substring) throws(InvalidOrigin) -> String {
        guard let match = text.wholeMatch(of: /\s*(https?:\/\/([a-z0-9.\-]+|\[[0-9a-f:]+\])(:[0-9]+)?)\s*/) else {
            throw InvalidOrigin(description: "\"\(text)\" is not an origin such as https://shop.example")
        }
        return String(match.output.1)
    }

    /// The response to a preflight request, which browsers send without credentials.
    /// - Returns: `nil` if it is not a preflight request, or its origin is not allowed.
    /// - Throws: 404 if no route has the path.
    func preflight(_ request: Request, _ path: Substring, _ router: Router) throws(Problem) -> Response? {
        guard request.method == .options, request.headers[.accessControlRequestMethod] != nil,
            allowedOrigin(of: request) != nil
        else { return nil }
        return Response(
            status: .noContent,
            headers: [
                .accessControlAllowMethods: try router.methods(at: path),
                .accessControlAllowHeaders: Self.requestHeaders,
                .accessControlMaxAge: "7200",
            ])
    }

    /// Adds the headers that allow the origin to read the response.
    func complete(_ response: inout Response, to request: Request) {
        // For all origins: a cache must not serve one origin's response to another.
        if case .only = origins { response.headers.append(HTTPField(name: .vary, value: "Origin")) }
        guard let origin = allowedOrigin(of: request) else { return }
        response.headers[.accessControlAllowOrigin] = origin
        response.headers[.accessControlExposeHeaders] = Self.responseHeaders
    }

    private func allowedOrigin(of request: Request) -> String? {
        guard let origin = request.headers[.origin], origin.isVisibleASCII else { return nil }
        switch origins {
        case .any: return "*"
        case .only(let origins): return origins.contains(origin) ? origin : nil
        }
    }

    private static let requestHeaders =
        "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Inventory-History, "
        + "Inventory-Min-Position, Last-Event-ID, Prefer, X-Request-Id, traceparent"

    private static let responseHeaders =
        "Cache-Status, ETag, Idempotent-Replayed, Inventory-Freshness, Inventory-History, Inventory-Position, "
        + "Location, Preference-Applied, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"
}

public struct InvalidOrigin: Error, CustomStringConvertible {
    public let description: String
}
