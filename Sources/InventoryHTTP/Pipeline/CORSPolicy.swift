import HTTPTypes
import HummingbirdCore

/// Which other origins' pages may use the API through browsers (Fetch standard, "CORS protocol"). Never with cookies or
/// what else a browser keeps: a page has to have a key of its own.
public struct CORSPolicy: Sendable, CustomStringConvertible {
    private enum Origins {
        case any
        case only(Set<String>)
    }

    private let origins: Origins

    /// - Parameter list: `*`, or origins as browsers write them (`https://shop.example`, with a port unless it is the
    ///   scheme's own), separated by commas.
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

    /// The answer to a browser that asks whether a page may send a request, which it does without any credential.
    /// - Returns: `nil` if that is not what the request asks, or its origin is none of these.
    /// - Throws: 404 for a path that is no route's.
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

    /// Says in an answer who may read it.
    func complete(_ response: inout Response, to request: Request) {
        // Even to others: a cache must not give them each other's answers.
        if case .only = origins { response.headers.append(HTTPField(name: .vary, value: "Origin")) }
        guard let origin = allowedOrigin(of: request) else { return }
        response.headers[.accessControlAllowOrigin] = origin
        response.headers[.accessControlExposeHeaders] = Self.answerHeaders
    }

    private func allowedOrigin(of request: Request) -> String? {
        guard let origin = request.headers[.origin] else { return nil }
        switch origins {
        case .any: return "*"
        case .only(let origins): return origins.contains(origin) ? origin : nil
        }
    }

    private static let requestHeaders =
        "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Inventory-History, "
        + "Inventory-Min-Position, X-Request-Id"

    private static let answerHeaders =
        "Cache-Status, ETag, Idempotent-Replayed, Inventory-Freshness, Inventory-History, Inventory-Position, "
        + "Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"
}

public struct InvalidOrigin: Error, CustomStringConvertible {
    public let description: String
}
