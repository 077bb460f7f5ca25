import HTTPTypes
import HummingbirdCore
import Inventory
import InventoryContract

extension InventoryAPI {
    /// The process runs and answers.
    func livez(_ context: RequestContext) async throws -> Response {
        response(to: context, .pass, checks: nil)
    }

    /// It answers reads, as far as the settings have it without the primary.
    func readyz(_ context: RequestContext) async throws -> Response {
        response(to: context, await health.isReady() ? .pass : .fail, checks: nil)
    }

    /// How each component does.
    func healthChecks(_ context: RequestContext) async throws -> Response {
        let checks = await health.health()
        return response(to: context, checks.status, checks: checks)
    }

    private func response(to context: RequestContext, _ status: ComponentHealth.Status, checks: [ComponentHealth]?)
        -> Response
    {
        Response.json(status == .fail ? .serviceUnavailable : .ok, contentType: context.format) { json in
            json.value(status, checks)
        }
    }
}
