public import Inventory
public import JSON

extension [ComponentHealth] {
    /// The worst status of all components.
    public var status: ComponentHealth.Status { map(\.status).max() ?? .pass }
}

extension JSONWriter {
    /// In the format of draft-inadarei-api-health-check-06.
    public mutating func value(_ status: ComponentHealth.Status, _ checks: [ComponentHealth]?) {
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
