import ArgumentParser
import Inventory

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Works on the audit log.", subcommands: [List.self, Verify.self])

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Checks the hash chains, and every movement against what the audit log says of it.",
            discussion: "A file is checked whole first, whatever it holds.")

        @OptionGroup var options: ShopOptions

        @Option(help: "Only this store; 0 is the catalog.")
        var store: Int64?

        func run() async throws {
            let defects = try await options.shop().open(checksAll: true) { ledger in
                let verification = AuditVerification(ledger: ledger)
                var defects: [String] = []
                for id in try await stores(of: ledger) {
                    do {
                        let head = try await verification.verify(id)
                        print("store \(id): \(head.position) entries are sound; the last hash is \(head.hash)")
                    } catch let defect as AuditDefect {
                        defects.append("\(defect)")
                    }
                }
                return defects
            }
            guard defects.isEmpty else { throw Failure(defects.joined(separator: "\n")) }
        }

        private func stores(of ledger: any StockReading) async throws -> [StoreID] {
            if let store { return [StoreID(rawValue: store)] }
            var ids: [StoreID] = [.catalog]
            var page = try await ledger.stores(StoreQuery(limit: 1_000), atLeast: nil).value
            ids += page.items.map(\.id)
            while let last = page.next {
                page = try await ledger.stores(StoreQuery(after: last, limit: 1_000), atLeast: nil).value
                ids += page.items.map(\.id)
            }
            return ids
        }
    }
}
