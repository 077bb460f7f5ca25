import ArgumentParser
import Inventory
import InventoryHTTP

extension AuditCommand {
    struct Acknowledge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Records that a level that somebody changed is known.",
            discussion: """
                A movement that was decided by such a level stays in the log, and khata audit verify reports it with its \
                store and position. This adds an entry to the log of keys and users: who acknowledged it, when and why. \
                From then on it is reported as acknowledged, is no difference, and anchors are signed again. Everything \
                else is reported as before.

                First find out who changed the level, count the shelf, and record the difference as a movement.
                """)

        @Option(help: "The store's number.")
        var store: Int64

        @Option(help: "The movement's position in the store's ledger.")
        var position: Int64

        @Option(help: "What was found out, and what was done.")
        var note: String

        @OptionGroup var options: SettingsOptions

        func run() async throws {
            let settings = try await options.settings()
            try settings.limits.input.check("The note", note: note)
            guard !note.isEmpty else { throw ValidationError("--note has to say what was found out.") }
            let finding = try await withLedger(settings, checksAll: true) { try await acknowledge(in: $0) }
            for known in finding.acknowledged where known.difference.position == Position(rawValue: position) {
                print("\(known)".withoutControls)
            }
            let others = finding.differences.count
            if others > 0 { print("\(others.thingsThatDoNot) follow from the audit log of the store yet") }
        }

        /// - Returns: What is found in the ledger afterwards.
        private func acknowledge(in ledger: any Ledger) async throws -> LedgerFinding {
            let (id, position) = (StoreID(rawValue: store), Position(rawValue: position))
            let verification = LedgerVerification(ledger)
            let finding = try await verification.verify(id)
            if let known = finding.acknowledged.first(where: { $0.difference.position == position }) {
                throw Failure("This is known already: \(known)".withoutControls)
            }
            guard let gap = finding.differences.first.compactMap(\.gap).first(where: { $0.position == position }) else {
                throw Failure(
                    "There is nothing to acknowledge at position \(position) of store \(id). `khata audit verify --store "
                        + "\(id)` lists the differences; only what a movement leaves on hand can be acknowledged.")
            }
            try await ledger.acknowledge(gap, note: note, .person())
            // Otherwise serving instances warn until the ledger is compared again.
            let part = ReconciledPart.ledger(id)
            try await ledger.startReconciliation(of: part, at: .now)
            let remaining = try await verification.verify(id)
            try await ledger.finishReconciliation(of: part, at: .now, differences: remaining.differences.count)
            return remaining
        }
    }
}
