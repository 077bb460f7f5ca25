public import Inventory
import InventoryContract
import JSON

extension RemoteLedger: HealthReporting {
    /// The server's checks of its components, or a failed one if it does not respond.
    public func health() async -> [ComponentHealth] {
        switch await server.link.attempt(.get("/health")) {
        case .responded(let response):
            if let checks = try? response.checks() { return checks }
            if let problem = try? RemoteProblem(response.fields()) { return [Self.failure(problem.text)] }
            return [Self.failure("the response is not from Khata (status \(response.status))")]
        case .unsent(let reason), .noResponse(let reason):
            return [Self.failure("\(server.link.address) does not respond: \(reason)")]
        }
    }

    public func isReady() async -> Bool {
        guard case .responded(let response) = await server.link.attempt(.get("/readyz")) else { return false }
        return response.isSuccess
    }

    private static func failure(_ output: String) -> ComponentHealth {
        ComponentHealth(name: "server", status: .fail, output: output)
    }
}

extension ServerResponse {
    fileprivate func checks() throws(UnreadableData) -> [ComponentHealth] {
        let checks = try fields().object("checks")
        var components: [ComponentHealth] = []
        for name in checks.members.map(\.name) {
            for check in try checks.objects(name) {
                components.append(
                    ComponentHealth(
                        name: name, status: try check.value("status"),
                        observed: try check.optionalDecimal("observedValue"),
                        unit: try check.optionalText("observedUnit"), output: try check.optionalText("output")))
            }
        }
        return components
    }
}

extension ObjectFields {
    fileprivate func optionalDecimal(_ name: String) throws(UnreadableData) -> Double? {
        switch self[name] {
        case nil: return nil
        case .integer(let number)?: return Double(number)
        case .otherNumber(let text)?:
            guard let number = Double(text) else { throw UnreadableData("\(name) is no number") }
            return number
        default: throw UnreadableData("\(name) is no number")
        }
    }
}
