import HTTPTypes
import HummingbirdCore
import Inventory
import InventoryContract

extension InventoryAPI {
    /// Passes whenever the process responds.
    func livez(_ context: RequestContext) async throws -> Response {
        response(to: context, .pass, checks: nil)
    }

    /// Passes if reads can be served, without the primary if the settings allow it. Fails from the beginning of a shutdown.
    func readyz(_ context: RequestContext) async throws -> Response {
        let isReady = if draining.isSet { false } else { await health.isReady() }
        return response(to: context, isReady ? .pass : .fail, checks: nil)
    }

    /// The health of each component.
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
