import Access
import HTTPTypes
import HummingbirdCore
import Inventory
import InventoryContract
import NIOCore

/// What a route's handler gets: the request, who sent it, and its validated parameters.
struct RequestContext {
    let route: Route
    let request: Request
    let requestID: String
    let principal: Principal
    let path: RoutePath
    /// The negotiated one of the route's formats.
    let format: MediaType
    let parameters: Parameters
    let limits: HTTPLimits
    /// For the body, and for a response that is kept while the client takes it.
    let memory: MemoryBudget
    /// Checks again whether the caller may use the route; `nil` unless the route is long-lived.
    var recheck: (@Sendable () async throws -> Void)?
    var connection = ClientConnection()

    /// The `{store_id}` of the path, which the route must have, as for those below.
    var storeID: StoreID { placeholder(path.storeID) }
    var productID: ProductID { placeholder(path.productID) }
    var jobID: Substring { placeholder(path.jobID) }
    var queuedCommandID: Substring { placeholder(path.queuedCommandID) }
    /// The `{product}` of the path: a product's name.
    var productName: String { placeholder(path.productName) }

    func placeholder<Value>(_ value: Value?) -> Value {
        guard let value else { preconditionFailure("\(route.path) has no such placeholder") }
        return value
    }

    /// The context of a command to the ledger: actor, request id and `Idempotency-Key`.
    func commandContext(body: JSONBody? = nil) throws(Problem) -> CommandContext {
        let idempotency: IdempotencyKey? = if let body { try idempotencyKey(for: body) } else { nil }
        return CommandContext(actor: principal.id, requestID: try commandID, idempotency: idempotency)
    }

    /// The request's id in the audit log, where `import-` ids identify what earlier versions imported through a server.
    /// - Throws: 403 for such an id, unless the caller may import.
    private var commandID: String {
        get throws(Problem) {
            guard !ImportName.isRequestID(requestID) || principal.role >= .manager else {
                throw Problem(
                    .forbidden, "An X-Request-Id that begins with import- is for imports, which take the role manager.")
            }
            return requestID
        }
    }

    /// - Parameter name: The change's name within an import, which then makes it idempotent.
    /// - Throws: 403 unless the caller may import, 400 if there is also an `Idempotency-Key`, 422 for another store's
    ///   name.
    func commandContext(
        body: JSONBody, of change: MovementCommand.Change, importedAs name: ImportName?
    ) throws(Problem) -> CommandContext {
        guard let name else { return try commandContext(body: body) }
        // Import names are shared by all callers: a name that is used up blocks everybody else's import of that row.
        guard principal.role >= .manager else {
            throw Problem(.forbidden, "Importing takes the role manager; yours is \(principal.role.rawValue).")
        }
        guard request.headers[.idempotencyKey] == nil else {
            throw Problem(invalid: "Idempotency-Key", "must not be sent with an import, whose name does the same")
        }
        let context = CommandContext(actor: principal.id, requestID: try commandID, importing: change, as: name)
        if case .part(_, _, let storeID) = name {
            var isOfStore = true
            MovementCommand(change, context).forEachLevel { isOfStore = isOfStore && $0.storeID == storeID }
            guard isOfStore else {
                throw Problem(invalidBody: [
                    Problem.Item(pointer: "/import/store_id", detail: "must be the store of all movements")
                ])
            }
        }
        return context
    }
}

/// The connection of a request, to see whether the client is still there.
struct ClientConnection: Sendable {
    /// `nil` in tests.
    var channel: (any Channel)?

    /// Calls back once the client sends no more: it may have left, and a response that is long in coming is of no use.
    func onInputClosed(_ callback: @escaping @Sendable () -> Void) {
        guard let channel else { return }
        channel.eventLoop.execute {
            guard
                let handler = try? channel.pipeline.syncOperations.handler(type: BodylessRequestHandler.self)
            else { return callback() }
            handler.onInputClosed(callback)
        }
    }
}
