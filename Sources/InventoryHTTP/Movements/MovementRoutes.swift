import HTTPTypes
import HummingbirdCore
import Inventory
import InventoryContract
import JSON

extension InventoryAPI {
    func recordMovement(_ context: RequestContext) async throws -> Response {
        let body = try await context.body()
        var fields = try body.fields()
        let queued = try await queued(context, body) {
            var fields = fields
            let new: MovementBody = try context.read(&fields)
            return (.movement(new.movement), new.importName)
        }
        if let queued { return queued }
        let receipt = try await receipt(to: context, body) { answer throws(LedgerError) in
            try answer.movementReceipt()
        } executing: {
            let new: MovementBody = try context.read(&fields)
            let command = try context.commandContext(
                body: body, of: .movement(new.movement), importedAs: new.importName)
            return try await ledger(for: context).record(new.movement, command)
        }
        var response = Response.json(.created) { $0.value(receipt.value) }
        response.add(receipt.value.position, in: receipt.history)
        return response.replayed(receipt.isReplay)
    }

    func recordTransfer(_ context: RequestContext) async throws -> Response {
        let body = try await context.body()
        var fields = try body.fields()
        let queued = try await queued(context, body) {
            var fields = fields
            let new: TransferBody = try context.read(&fields)
            return (.transfer(new.transfer), new.importName)
        }
        if let queued { return queued }
        let receipt = try await receipt(to: context, body) { answer throws(LedgerError) in
            try answer.transferReceipt()
        } executing: {
            let new: TransferBody = try context.read(&fields)
            let command = try context.commandContext(
                body: body, of: .transfer(new.transfer), importedAs: new.importName)
            return try await ledger(for: context).record(new.transfer, command)
        }
        var response = Response.json(.created) { $0.value(receipt.value) }
        response.add(nil, in: receipt.history)
        return response.replayed(receipt.isReplay)
    }

    func listMovements(_ context: RequestContext) async throws -> Response {
        let parameters = context.parameters
        let store: StoreID? = try parameters.id(.storeID)
        let query = EntryQuery(
            storeID: store, productID: try parameters.id(.productID),
            type: try parameters.choice(.type, MovementType.init(choice:)), period: try parameters.period(),
            after: try parameters.cursor(), limit: try parameters.limit())
        let minimum = try parameters.minimum(in: store)
        // No index has the types of all products: what is rare is searched for in all of a ledger.
        let page = try await takingTurns(context, if: query.type != nil && query.productID == nil) {
            try await ledger(for: context).entries(query, Freshness(atLeast: minimum))
        }
        return context.response(page: page) { json in
            json.openObject()
            json.page(page.value, cursor: parameters.cursor(after:)) { $0.value($1) }
            json.closeObject()
        }
    }
}

extension Response {
    /// Marks a response that repeats the first one to its `Idempotency-Key`.
    func replayed(_ isReplay: Bool) -> Response {
        guard isReplay else { return self }
        var response = self
        response.headers[.idempotentReplayed] = "true"
        return response
    }
}
