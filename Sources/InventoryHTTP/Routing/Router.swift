import Access
import Basics
import HTTPTypes
import Inventory
import InventoryContract

/// Finds the route for a request's method and path.
struct Router: Sendable {
    struct Match {
        let route: Route
        let path: RoutePath
    }

    /// The routes of one path.
    private struct Entry {
        let pattern: [Segment]
        var routes: [Route]

        var allow: [String] {
            let methods = routes.map(\.method.rawValue)
            return methods.contains("GET") ? methods + ["HEAD"] : methods
        }
    }

    private enum Segment: Hashable {
        case literal(Substring)
        case storeID, productID, productName, keyID, jobID, queuedCommandID, webhookID

        init(_ text: Substring) {
            switch text {
            case "{store_id}": self = .storeID
            case "{product_id}": self = .productID
            case "{product}": self = .productName
            case "{key_id}": self = .keyID
            case "{job_id}": self = .jobID
            case "{command_id}": self = .queuedCommandID
            case "{webhook_id}": self = .webhookID
            default: self = .literal(text)
            }
        }
    }

    private let entries: [Entry]

    init(_ routes: [Route], observer: any HTTPObserver = NoHTTPObserver()) {
        var entries: [Entry] = []
        for var route in routes {
            route.observer = observer.requests(to: RouteName(method: route.method.rawValue, path: route.path))
            let pattern = route.path.split(separator: "/").map(Segment.init)
            if let index = entries.firstIndex(where: { $0.pattern == pattern }) {
                entries[index].routes.append(route)
            } else {
                entries.append(Entry(pattern: pattern, routes: [route]))
            }
        }
        self.entries = entries
    }

    /// - Throws: 404 if no route has the path, 405 if only routes of other methods have it.
    func match(_ method: HTTPRequest.Method, _ path: Substring) throws(Problem) -> Match {
        guard let segments = Self.segments(of: path) else { throw .noRoute }
        var allow: [String] = []
        for entry in entries {
            guard let path = Self.match(segments, entry.pattern) else { continue }
            let method = method == .head ? .get : method
            if let route = entry.routes.first(where: { $0.method == method }) { return Match(route: route, path: path) }
            // Another pattern may have the method: `/stock/move` is a route, but could also name a product.
            allow += entry.allow
        }
        let methods = try Self.list(allow)
        var problem = Problem(.methodNotAllowed, "Allowed methods: \(methods).")
        problem.headers[.allow] = methods
        throw problem
    }

    /// The methods of a path's routes, in the format of `Allow`.
    /// - Throws: 404 if no route has the path.
    func methods(at path: Substring) throws(Problem) -> String {
        guard let segments = Self.segments(of: path) else { throw .noRoute }
        return try Self.list(entries.filter { Self.match(segments, $0.pattern) != nil }.flatMap(\.allow))
    }

    private static func list(_ methods: [String]) throws(Problem) -> String {
        guard !methods.isEmpty else { throw .noRoute }
        return methods.joined(separator: ", ")
    }

    /// A path's segments below the root or `/api/v1`, whether or not it ends in a slash.
    private static func segments(of path: Substring) -> ArraySlice<Substring>? {
        var segments = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map(Substring.init)[...]
        guard segments.popFirst()?.isEmpty == true else { return nil }
        if segments.last?.isEmpty == true { segments.removeLast() }
        if segments.prefix(2).elementsEqual(["api", "v1"], by: { $0.hasSameBytes(as: $1) }) { segments.removeFirst(2) }
        return segments
    }

    private static func match(_ segments: ArraySlice<Substring>, _ pattern: [Segment]) -> RoutePath? {
        guard segments.count == pattern.count else { return nil }
        var path = RoutePath(segments: segments)
        for (segment, expected) in zip(segments, pattern) {
            switch expected {
            case .literal(let text):
                guard segment.hasSameBytes(as: text) else { return nil }
            case .storeID:
                guard let number = Int64(ledgerNumber: segment) else { return nil }
                path.storeID = StoreID(rawValue: number)
            case .productID:
                guard let number = Int64(ledgerNumber: segment) else { return nil }
                path.productID = ProductID(rawValue: number)
            case .productName:
                guard let name = segment.percentDecoded(plusIsSpace: false) else { return nil }
                path.productName = name
            case .keyID:
                guard APIKey.isID(segment) else { return nil }
                path.keyID = String(segment)
            case .jobID:
                path.jobID = segment
            case .queuedCommandID:
                path.queuedCommandID = segment
            case .webhookID:
                guard WebhookRecord.isID(segment) else { return nil }
                path.webhookID = String(segment)
            }
        }
        return path
    }
}

/// A request's path, the same below the root and below `/api/v1`.
struct RoutePath {
    let segments: ArraySlice<Substring>
    fileprivate(set) var storeID: StoreID?
    fileprivate(set) var productID: ProductID?
    /// Decoded.
    fileprivate(set) var productName: String?
    fileprivate(set) var keyID: String?
    fileprivate(set) var jobID: Substring?
    fileprivate(set) var queuedCommandID: Substring?
    fileprivate(set) var webhookID: String?

    var normalised: String { segments.reduce(into: "") { $0 += "/" + $1 } }
}

extension Problem {
    fileprivate static let noRoute = Problem(.notFound, "Nothing has this path: docs/http.md lists the paths.")
}
