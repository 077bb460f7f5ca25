import Basics
import Inventory
import InventoryContract
import JSON
import NIOHTTP1

/// One request of the contract.
struct ServerRequest: Sendable {
    let method: HTTPMethod
    /// Below `/api/v1`, with its query.
    let target: String
    var headers: [(name: String, value: String)] = []
    /// JSON.
    var body: String?
    /// Whether sending it twice has the same effect as once.
    let isRepeatable: Bool

    /// Whether it changes nothing.
    var isRead: Bool { method == .GET }

    static func get(_ path: String, _ query: [(name: String, value: String?)] = []) -> ServerRequest {
        ServerRequest(method: .GET, target: target(path, query), isRepeatable: true)
    }

    /// A change that the server makes once per key.
    /// - Parameter key: `nil` if the body has a name with the same effect.
    static func post(_ path: String, key: String?, _ write: (inout JSONWriter<[UInt8]>) -> Void) -> ServerRequest {
        var request = ServerRequest(method: .POST, target: path, isRepeatable: true)
        // In quotes, so that a key that contains quotes arrives unchanged.
        if let key { request.headers = [(HeaderName.idempotencyKey, "\"\(key)\"")] }
        request.body = String(json: write)
        return request
    }

    /// - Parameter condition: Without one, a repetition leaves the same state.
    static func put(
        _ path: String, if condition: VersionCondition, _ write: (inout JSONWriter<[UInt8]>) -> Void
    ) -> ServerRequest {
        var request = ServerRequest(method: .PUT, target: path, isRepeatable: condition == .any)
        request.headers = condition.headers
        request.body = String(json: write)
        return request
    }

    /// A repetition finds nothing: so it is only sent again if the first attempt is known to have had no effect.
    static func delete(_ path: String, if condition: VersionCondition) -> ServerRequest {
        ServerRequest(method: .DELETE, target: path, headers: condition.headers, isRepeatable: false)
    }

    static func target(_ path: String, _ query: [(name: String, value: String?)]) -> String {
        var target = path
        for case (let name, let value?) in query {
            target += (target == path ? "?" : "&") + name + "=" + value.percentEncoded
        }
        return target
    }
}

extension VersionCondition {
    fileprivate var headers: [(name: String, value: String)] {
        switch self {
        case .any: []
        // No version has an empty tag: so a condition without versions fails.
        case .oneOf(let versions):
            [("If-Match", versions.isEmpty ? "\"\"" : versions.map(\.tag).joined(separator: ", "))]
        }
    }
}

extension Version {
    fileprivate var tag: String { "\"\(position)-\(history.id)\"" }
}
