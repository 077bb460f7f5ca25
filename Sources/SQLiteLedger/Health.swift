import GRDB
public import Inventory

extension SQLiteLedger: HealthReporting {
    /// The file: how long a read takes, whether damage was met, and whether the last write succeeded.
    public func health() async -> [ComponentHealth] {
        let start = ContinuousClock.now
        guard await isReady() else {
            return [
                ComponentHealth(
                    name: Self.component, status: .fail, output: condition.whatIsWrong ?? "the file cannot be read")
            ]
        }
        let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
        let trouble = condition.whatIsWrong
        return [
            ComponentHealth(
                name: Self.component, status: trouble == nil ? .pass : .fail, observed: milliseconds, unit: "ms",
                output: trouble)
        ]
    }

    public func isReady() async -> Bool {
        (try? await reader.run { database in try LedgerHead.ofCatalog(in: database) }) != nil
    }

    private static let component = "ledger:embedded"
}
