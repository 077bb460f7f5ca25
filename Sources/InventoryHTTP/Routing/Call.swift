import Access
import HTTPTypes
import HummingbirdCore
import Inventory

/// What a route's handler knows about its request.
struct Call {
    let request: Request
    let requestID: String
    let principal: Principal
    let path: RoutePath
    /// What the client accepts, of the route's formats.
    let format: MediaType
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

    /// The query's parameters, to be taken one by one.
    func parameters() throws(Problem) -> Parameters {
        try Parameters(
            of: request.head.path ?? "", path: path, reader: principal.id,
            minimum: request.headers.text(of: .inventoryMinPosition),
            history: request.headers.text(of: .inventoryHistory), limits)
    }

    /// On whose behalf the ledger is asked to do something, once per `Idempotency-Key`.
    func context(body: JSONBody? = nil) throws(Problem) -> CommandContext {
        let idempotency: IdempotencyKey? = if let body { try idempotencyKey(for: body) } else { nil }
        return CommandContext(actor: principal.id, requestID: requestID, idempotency: idempotency)
    }
}
