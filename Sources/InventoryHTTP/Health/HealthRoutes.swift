import HTTPTypes
import HummingbirdCore
import Inventory

extension InventoryAPI {
    /// The process runs and answers.
    func livez(_ call: Call) async throws -> Response {
        response(to: call, .pass, checks: nil)
    }

    /// It can answer reads: with the primary down it is of use still, and no balancer should take it away.
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

extension [ComponentHealth] {
    /// As bad as the worst of them.
    fileprivate var status: ComponentHealth.Status { map(\.status).max() ?? .pass }
}

extension JSONWriter {
    /// In the shape of draft-inadarei-api-health-check-06.
    mutating func value(_ status: ComponentHealth.Status, _ checks: [ComponentHealth]?) {
        openObject()
        field("status", status.rawValue)
        if let checks {
            key("checks")
            openObject()
            for name in Set(checks.map(\.name)).sorted() {
                key(text: name)
                openArray()
                for check in checks where check.name == name { value(check) }
                closeArray()
            }
            closeObject()
        }
        closeObject()
    }

    private mutating func value(_ check: ComponentHealth) {
        openObject()
        field("status", check.status.rawValue)
        if let observed = check.observed, observed.isFinite {
            key("observedValue")
            value(json: "\(observed)")
        }
        optionalField("observedUnit", check.unit)
        optionalField("output", check.output)
        closeObject()
    }
}
