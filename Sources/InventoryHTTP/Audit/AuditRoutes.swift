import HummingbirdCore
import Inventory
import InventoryContract
import JSON

extension InventoryAPI {
    func listAudit(_ call: Call) async throws -> Response {
        var parameters = try call.parameters()
        let store = call.path.storeID
        let query = AuditQuery(
            storeID: store, actor: try parameters.text("actor"),
            action: try parameters.choice("action", of: AuditAction.allCases.map { ($0.rawValue, $0) }),
            period: try parameters.period(), after: try parameters.cursor(), limit: try parameters.limit())
        let minimum = try parameters.minimum(in: store)
        try parameters.finish()
        let page = try await ledger(for: call).audit(query, Freshness(atLeast: minimum))
        return call.answer(page: page) { json in
            json.openObject()
            json.page(page.value, cursor: parameters.cursor(after:)) { $0.value($1) }
            json.closeObject()
        }
    }
}
