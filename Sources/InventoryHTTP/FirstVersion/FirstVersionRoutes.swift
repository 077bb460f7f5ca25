import Access
import HTTPTypes
import HummingbirdCore
import Inventory
import InventoryContract

/// The routes of the first versions, which had one store and addressed products by name.
extension InventoryAPI {
    func recordMovementByName(_ context: RequestContext) async throws -> Response {
        let storeID = try defaultStore(for: context)
        let body = try await context.body()
        var fields = try body.fields()
        let queued = try await queued(context, body) {
            var fields = fields
            let new: MovementByName = try context.read(&fields)
            let productID = try await documents(for: context).productID(named: new.productName)
            return (.movement(new.movement(of: productID, in: storeID)), nil)
        }
        if let queued { return queued }
        var movement: MovementByName?
        let receipt = try await receipt(to: context, body) { answer throws(LedgerError) in
            try answer.movementReceipt()
        } executing: {
            let valid: MovementByName = try context.read(&fields)
            movement = valid
            return try await record(valid, in: storeID, try context.commandContext(body: body), context)
        }
        fields = try body.fields()
        let parsed = try movement ?? fields.reading { MovementByName(&$0, context.path, .widest) }
        var response = Response.json(.created) { $0.value(receipt.value, of: parsed) }
        response.add(receipt.value.position, in: receipt.history)
        return response.replayed(receipt.isReplay)
    }

    func readLevelByName(_ context: RequestContext) async throws -> Response {
        let storeID = try defaultStore(for: context)
        let minimum = try context.parameters.minimum()
        // No product has an invalid name.
        guard isPrintable(context.productName, atMost: limits.input.nameCharacters) else { throw Problem.notFound }
        let level = LevelKey(storeID, try await documents(for: context).productID(named: context.productName))
        return context.response(try await documents(for: context).levelByName(level, atLeast: minimum))
    }

    private func defaultStore(for context: RequestContext) throws(Problem) -> StoreID {
        guard context.principal.scope.contains(defaultStoreID) else { throw .notFound }
        return defaultStoreID
    }
}

extension InventoryAPI {
    /// A stock-in of an unknown name adds the product to the catalog, if the caller may do that.
    private func record(
        _ movement: MovementByName, in storeID: StoreID, _ command: CommandContext, _ context: RequestContext
    ) async throws -> Receipt<RecordedMovement> {
        let name = movement.productName
        let ledger = ledger(for: context)
        var productID = Self.noProduct
        var ambiguity: Refusal?
        do throws(LedgerError) {
            productID = try await documents(for: context).productID(named: name)
        } catch .refused(let refusal) {
            ambiguity = refusal
        } catch .notFound {
        }
        do throws(LedgerError) {
            // Even without a product: a request that was executed before is replayed, whatever has become of the name
            // since; and a missing store is reported first.
            return try await ledger.record(movement.movement(of: productID, in: storeID), command)
        } catch .refused(.unknownProduct) {
            if let ambiguity { throw Problem(ambiguity) }
            guard movement.kind == .stockIn else { throw Problem(unknownName: name) }
        }
        guard context.principal.role >= .manager else { throw Problem(addingToCatalog: name, context.principal.role) }
        guard context.principal.scope == .all else {
            throw Problem(
                .forbidden,
                "No product is called \(name), and the catalog, which is all stores', is not yours to add to.")
        }
        // Without the idempotency key, which belongs to the movement: `addProduct(named:)` is idempotent anyway.
        let added = try await ledger.change(
            .addProduct(named: name), CommandContext(actor: command.actor, requestID: command.requestID))
        guard case .product(let product) = added.value else { throw LedgerError.internalFailure }
        return try await ledger.record(movement.movement(of: product.id, in: storeID), command)
    }

    /// No product has this id.
    private static let noProduct = ProductID(rawValue: -1)
}

extension Problem {
    fileprivate init(unknownName name: String) {
        self.init(.unknownProduct, "No product is called \(name).")
        items = [Item(pointer: "/product", detail: "is no product's name")]
    }

    fileprivate init(addingToCatalog name: String, _ role: Role) {
        self.init(
            .forbidden,
            "No product is called \(name), and adding it to the catalog takes the role manager; yours is "
                + "\(role.rawValue).")
    }
}
