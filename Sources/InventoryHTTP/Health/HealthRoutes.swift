import HTTPTypes
import HummingbirdCore
import Inventory
import InventoryContract

extension InventoryAPI {
    /// The process runs and answers.
    func livez(_ call: Call) async throws -> Response {
        response(to: call, .pass, checks: nil)
    }

    /// It answers reads, as far as the settings have it without the primary.
    func readyz(_ call: Call) async throws -> Response {
        response(to: call, await health.isReady() ? .pass : .fail, checks: nil)
    }

    /// How each component does.
    func healthChecks(_ call: Call) async throws -> Response {
        let checks = await health.health()
        return response(to: call, checks.status, checks: checks)
    }

    private func response(to call: Call, _ status: ComponentHealth.Status, checks: [ComponentHealth]?) -> Response {
        Response.json(status == .fail ? .serviceUnavailable : .ok, contentType: call.format) { json in
            json.value(status, checks)
        }
    }
}
