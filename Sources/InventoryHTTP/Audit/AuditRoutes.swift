import HummingbirdCore
import Inventory
import InventoryContract
import JSON

extension InventoryAPI {
    func listAudit(_ context: RequestContext) async throws -> Response {
        let parameters = context.parameters
        let store = context.path.storeID
        let query = AuditQuery(
            storeID: store, actor: try parameters.text(.actor),
            action: try parameters.choice(.action, AuditAction.init(rawValue:)),
            period: try parameters.period(), after: try parameters.cursor(), limit: try parameters.limit())
        let minimum = try parameters.minimum(in: store)
        // No index has the actions: what is rare is searched for in all of a ledger.
        let page = try await takingTurns(context, if: query.action != nil) {
            try await ledger(for: context).audit(query, Freshness(atLeast: minimum))
        }
        return context.response(page: page) { json in
            json.openObject()
            json.page(page.value, cursor: parameters.cursor(after:)) { $0.value($1) }
            json.closeObject()
        }
    }
}
