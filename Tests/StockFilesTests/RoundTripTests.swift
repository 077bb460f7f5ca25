import Inventory
import InventoryTesting
import LedgerTesting
import StockFiles
import Testing

@Suite("Export")
struct RoundTripTests {
    @Test("what is exported makes the same ledgers when it is imported", arguments: 0..<3)
    func roundTrip(seed: Int) async throws {
        try await LedgerAndFiles.stocked { shop in
            try await shop.record(1_000, seed: seed)
            let files = [
                try await shop.export(.products), try await shop.export(.stores), try await shop.export(.movements),
            ]
            let entries = try await shop.entries()
            #expect(entries.contains { $0.type == .transferIn })
            try await LedgerAndFiles.with { copy in
                for file in files { _ = try await copy.run(file) }
                #expect(try await copy.entries() == entries)
                #expect(try await copy.export(.movements) == files[2])
                #expect(try await copy.export(.products) == files[0])
                #expect(try await copy.export(.stock) == shop.export(.stock))
                try await copy.expectSound()
            }
        }
    }

    @Test("texts that a spreadsheet takes for formulas are escaped, and imported as they were")
    func formulas() async throws {
        try await LedgerAndFiles.with { shop in
            let names = ["=HYPERLINK(\"http://a\",\"b\")", "@SUM(1)", "+1+1", "-2", "'=1", "''x", "Tea;=1", "O'Neill"]
            for (index, name) in names.enumerated() {
                let details = ProductDetails(sku: name, name: name, category: name, unit: name)
                _ = try await shop.ledger.change(
                    .createProduct(ProductID(rawValue: Int64(index + 1)), details),
                    CommandContext(actor: "test", requestID: "test"))
            }
            let file = try await shop.export(.products)
            #expect(!file.contains { $0 == "\t" } && file.contains("'@SUM(1),'@SUM(1)") && file.contains("Tea;'=1"))
            for line in file.split(separator: "\r\n") {
                #expect(!line.split(separator: ",").contains { "=+-@".contains($0.trimmingPrefix("\"").first ?? " ") })
            }
            try await LedgerAndFiles.with { copy in
                _ = try await copy.run(file)
                let copied = try await copy.ledger.products(ProductQuery(limit: 100), Freshness()).value.items
                #expect(copied.map(\.details.name) == names && copied.map(\.details.unit) == names)
                #expect(try await copy.export(.products) == file)
            }
        }
    }

    @Test("a transfer of a store that is archived since is exported whole")
    func archived() async throws {
        try await LedgerAndFiles.stocked { shop in
            try await shop.imports(
                "store_id,to_store_id,sku,movement_type,quantity\n1,,S1,IN,5\n1,2,S1,transfer,5\n2,,S1,SALE,5\n",
                added: 3)
            _ = try await shop.ledger.change(
                .archiveStore(.two, ifVersion: .any), CommandContext(actor: "test", requestID: "test"))
            let lines = try await shop.export(.movements).split(separator: "\r\n").dropFirst()
            #expect(lines.map { $0.split(separator: ",", omittingEmptySubsequences: false)[1] } == ["", "2", ""])
        }
    }
}

extension LedgerAndFiles {
    /// Movements of three products in two stores, many at once, and transfers between them.
    fileprivate func record(_ count: Int, seed: Int) async throws {
        try await withThrowingTaskGroup { group in
            for worker in 0..<10 {
                group.addTask {
                    var random = Random(seed: UInt64(seed * 10 + worker))
                    for _ in 0..<(count / 10) { try await recordSomething(&random) }
                }
            }
            try await group.waitForAll()
        }
    }

    private func recordSomething(_ random: inout Random) async throws {
        let context = CommandContext(actor: "test", requestID: "test")
        let stores = [StoreID.one, .two].shuffled(using: &random)
        let product = ProductID(rawValue: Int64.random(in: 101...103, using: &random))
        let quantity = Quantity(Int64.random(in: 1...9, using: &random))!
        let notes = MovementNotes(
            occurredAt: Bool.random(using: &random) ? Timestamp(microseconds: 1) : nil,
            reference: Bool.random(using: &random) ? "INV, \"7\"" : nil,
            note: Bool.random(using: &random) ? "خراب" : nil)
        do {
            if Int.random(in: 0..<4, using: &random) == 0 {
                _ = try await ledger.record(
                    Transfer(productID: product, from: stores[0], to: stores[1], quantity: quantity, notes: notes),
                    context)
            } else {
                let kind = [Movement.Kind.stockIn, .stockIn, .sale, .manualRemoval].randomElement(using: &random)!
                _ = try await ledger.record(
                    Movement(
                        storeID: stores[0], productID: product, kind: kind, quantity: quantity, notes: notes), context)
            }
        } catch {
            // There may not be so much: then nothing moved.
            guard case .refused(.insufficientStock) = error else { throw error }
        }
    }
}
