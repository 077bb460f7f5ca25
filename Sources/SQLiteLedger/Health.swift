import GRDB
public import Inventory

extension SQLiteLedger: HealthReporting {
    /// The file: how long a read takes, whether damage was found, and whether the last write succeeded.
    public func health() async -> [ComponentHealth] {
        let start = ContinuousClock.now
        let isMoved: Bool
        do {
            isMoved = try await self.isMoved()
        } catch {
            return [
                ComponentHealth(
                    name: Self.component, status: .fail, output: condition.defect ?? "the file cannot be read")
            ]
        }
        if isMoved { condition.moved() }
        let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
        let defect = file.isInPlace ? condition.defect : "no writes: \(FileDisplaced())"
        return [
            ComponentHealth(
                name: Self.component, status: defect == nil ? .pass : .fail, observed: milliseconds, unit: "ms",
                output: defect)
        ]
    }

    /// Fails after the ledger was moved, because the file only has the past, and while the file is not in its place.
    public func isReady() async -> Bool {
        guard file.isInPlace else { return false }
        return (try? await isMoved()) == false
    }

    /// - Throws: Also if the file cannot be read.
    private func isMoved() async throws(LedgerError) -> Bool {
        try await reader.lookUp { database in
            _ = try LedgerHead.ofCatalog(in: database)
            return try LedgerDestination.find(in: database) != nil
        }
    }

    private static let component = "ledger:embedded"
}
