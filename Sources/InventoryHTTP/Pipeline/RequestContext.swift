import Access
import HTTPTypes
import HummingbirdCore
import Inventory
import InventoryContract

/// What a route's handler knows about its request.
struct RequestContext {
    let route: Route
    let request: Request
    let requestID: String
    let principal: Principal
    let path: RoutePath
    /// What the client accepts, of the route's formats.
    let format: MediaType
    let parameters: Parameters
    let limits: Limits

    /// The `{store_id}` of the path.
    var storeID: StoreID {
        guard let id = path.storeID else { preconditionFailure("the route has no {store_id}") }
        return id
    }

    /// The `{product_id}` of the path.
    var productID: ProductID {
        guard let id = path.productID else { preconditionFailure("the route has no {product_id}") }
        return id
    }

    /// The `{job_id}` of the path.
    var jobID: Substring {
        guard let id = path.jobID else { preconditionFailure("the route has no {job_id}") }
        return id
    }

    /// The `{product}` of the path: a product's name.
    var productName: String {
        guard let name = path.productName else { preconditionFailure("the route has no {product}") }
        return name
    }

    /// On whose behalf the ledger is asked to do something, once per `Idempotency-Key`.
    func commandContext(body: JSONBody? = nil) throws(Problem) -> CommandContext {
        let idempotency: IdempotencyKey? = if let body { try idempotencyKey(for: body) } else { nil }
        return CommandContext(actor: principal.id, requestID: try commandID, idempotency: idempotency)
    }

    /// The request's id as the audit log has it. What earlier programs imported through a server is known by such ids alone.
    /// - Throws: 403 for an id of imports, unless the caller may import.
    private var commandID: String {
        get throws(Problem) {
            guard !ImportName.isRequestID(requestID) || principal.role >= .manager else {
                throw Problem(
                    .forbidden, "An X-Request-Id that begins with import- is for imports, which take the role manager.")
            }
            return requestID
        }
    }

    /// - Parameter name: What an import calls the change: then that is what makes it happen once.
    /// - Throws: 403 unless the caller may import, 400 if there is a key beside the name, 422 if it is of another store.
    func commandContext(
        body: JSONBody, of change: MovementCommand.Change, importedAs name: ImportName?
    ) throws(Problem) -> CommandContext {
        guard let name else { return try commandContext(body: body) }
        // Imports share their names: nobody else can have what they stand for recorded any more.
        guard principal.role >= .manager else {
            throw Problem(.forbidden, "To import takes the role manager; yours is \(principal.role.rawValue).")
        }
        guard request.headers[.idempotencyKey] == nil else {
            throw Problem(invalid: "Idempotency-Key", "is not for imports, whose name does the same")
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
