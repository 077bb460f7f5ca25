import Crypto
import Foundation
import GRDB
import Inventory
import LedgerTesting
import SQLiteLedger
import ServerTesting
import Testing

/// The ways of importing a file: into the ledger itself, and through a server.
@Suite("Files that come in several ways")
struct ImportWaysTests {
    enum Way: CaseIterable { case direct, served }

    private static let stores = "store_id,name\n1,Anarkali\n2,Bazaar\n"
    private static let products = "product_id,sku,name\n101,R5,Rice 5kg\n102,S1,Sugar 1kg\n"
    private static let plain =
        "store_id,to_store_id,sku,movement_type,quantity\n1,,S1,IN,50\n"
        + (0..<1_100).map { "\($0 % 2 + 1),,R5,IN,\($0 + 1)\n" }.joined() + "1,2,S1,transfer,3\n1,,S1,SALE,5\n"
    private static let withIDs = EarlierImport.withIDs

    /// Lends a shop with stores 1 and 2, rice and sugar, and the program in each way.
    private func withShop(_ body: (TestFile, [Way: Program]) async throws -> Void) async throws {
        try await TestFile.with { file in
            #expect(try await Program(on: file).run(["migrate"]).status == 0)
            try await ServedShop.with(file) { shop in
                let khata = [Way.direct: Program(on: file), .served: shop.khata]
                for table in [Self.stores, Self.products] {
                    #expect(try await khata[.direct]!.imports(table, file).status == 0)
                }
                try await body(file, khata)
            }
        }
    }

    @Test("count once, in whatever order", arguments: Way.allCases)
    func once(first: Way) async throws {
        try await withShop { file, khata in
            for (text, rows) in [(Self.plain, "1,103"), (Self.withIDs, "3")] {
                let ways = [first] + Way.allCases.filter { $0 != first } + [first]
                for (index, way) in ways.enumerated() {
                    let imported = try await khata[way]!.imports(text, file)
                    let counts =
                        index == 0 ? "\(rows) rows, \(rows) new" : "\(rows) rows, 0 new, \(rows) there already"
                    #expect(imported.status == 0, "\(imported.errors)")
                    #expect(imported.output.contains(counts), "\(way): \(imported.output)")
                    // As a day later.
                    try await DatabaseQueue(path: file.path).write {
                        try $0.execute(sql: "delete from idempotency where expires_at is not null")
                    }
                }
            }
            #expect(try file.texts("select count(*) from movements") == ["\(1_103 + 1 + 4)"])
            #expect(try await khata[.direct]!.run(["audit", "verify"]).status == 0)
        }
    }

    @Test(
        "rows with an external_id count once also among others, and not with other contents", arguments: Way.allCases)
    func grownTable(first: Way) async throws {
        try await withShop { file, khata in
            let second = try #require(Way.allCases.first { $0 != first })
            #expect(try await khata[first]!.imports(Self.withIDs, file).output.contains("3 new"))
            let grown = try await khata[second]!.imports(Self.withIDs + "A4,1,,S1,SALE,2\n", file)
            #expect(grown.output.contains("4 rows, 1 new, 3 there already"), "\(grown.output)\(grown.errors)")
            for way in Way.allCases {
                let changed = Self.withIDs.replacing("A2,2,,S1,IN,5", with: "A2,2,,S1,IN,6")
                let refused = try await khata[way]!.imports(changed, file)
                #expect(refused.status == 1)
                #expect(refused.errors.contains("line 3, external_id: was imported before, with other contents"))
            }
            #expect(try file.texts("select count(*) from movements") == ["5"])
        }
    }

    @Test("do not bring rows later that were left out the first time", arguments: Way.allCases)
    func leftOut(first: Way) async throws {
        try await withShop { file, khata in
            let second = try #require(Way.allCases.first { $0 != first })
            // The second is unknown, and there is too little for the third.
            let text = "store_id,sku,movement_type,quantity\n1,S1,IN,5\n1,X,IN,1\n1,S1,SALE,6\n2,S1,IN,1\n"
            let skipping = try await khata[first]!.imports(text, file, "--skip-invalid")
            #expect(skipping.output.contains("4 rows, 2 new, 2 refused"), "\(skipping.output)\(skipping.errors)")
            #expect(try await khata[.direct]!.imports("sku,name\nX,Extra\n", file).status == 0)
            #expect(try await khata[.direct]!.run(["move", "in", "S1", "10"]).status == 0)
            let whole = try await khata[second]!.imports(text, file)
            #expect(whole.status == 1 && whole.errors.contains("line 3: was refused when this file was imported"))
            #expect(whole.output.contains(" 0 new"), "\(whole.output)\(whole.errors)")
            let again = try await khata[second]!.imports(text, file, "--skip-invalid")
            #expect(again.output.contains(" 0 new, 2 there already, 2 refused"), "\(again.output)\(again.errors)")
            #expect(try file.texts("select count(*) from movements") == ["3"])
        }
    }

    @Test("count once when they are killed and go on in the other way, and when both go on at once")
    func killed() async throws {
        try await withShop { file, khata in
            let rows = 12_000
            let text =
                "store_id,sku,movement_type,quantity\n"
                + (0..<rows).map { "\($0 % 2 + 1),\($0 % 3 == 0 ? "S1" : "R5"),IN,1\n" }.joined()
            let table = try file.table(text)
            let recorded = { Int(try file.texts("select count(*) from movements")[0])! }
            for round in 0..<6 {
                let before = try recorded()
                let log = file.folder.appending(path: "import-\(round).log")
                let program = try khata[Way.allCases[round % 2]]!.start(["import", table], log: log)
                // On a fast machine, nothing may be left.
                _ = try? await eventually(within: .seconds(20)) { try recorded() > before }
                program.kill()
                _ = try await program.end()
            }
            async let direct = khata[.direct]!.run(["import", table])
            async let served = khata[.served]!.run(["import", table])
            let outcomes = try await [direct, served]
            #expect(outcomes.allSatisfy { $0.status == 0 }, "\(outcomes)")
            #expect(try recorded() == rows)
            #expect(try file.texts("select sum(on_hand) from stock_levels") == ["\(rows)"])
        }
    }

    @Test(
        "count once when earlier programs imported them through a server, which has forgotten it",
        arguments: Way.allCases)
    func earlierPrograms(way: Way) async throws {
        try await withShop { file, khata in
            try await EarlierImport.run(file)
            for (text, rows) in [(EarlierImport.plain, 5), (EarlierImport.withIDs, 3)] {
                let imported = try await khata[way]!.imports(text, file)
                #expect(
                    imported.output.contains("\(rows) rows, 0 new, \(rows) there already"),
                    "\(imported.output)\(imported.errors)")
            }
            let changed = EarlierImport.withIDs.replacing("A2,2,,S1,IN,5", with: "A2,1,,S1,IN,5")
            let refused = try await khata[way]!.imports(changed, file)
            #expect(refused.errors.contains("line 3, external_id: was imported before, with other contents"))
            let grown = try await khata[way]!.imports(EarlierImport.withIDs + "A4,1,,S1,SALE,2\n", file)
            #expect(grown.output.contains("4 rows, 1 new, 3 there already"), "\(grown.output)\(grown.errors)")
            #expect(try file.texts("select count(*) from movements") == ["\(6 + 4 + 1)"])
        }
    }

    @Test("count once when the shop has moved into a database meanwhile", arguments: Way.allCases)
    func promoted(way: Way) async throws {
        try await TestDatabase.with(migrated: false) { database in
            try await withShop { file, khata in
                #expect(try await khata[way]!.imports(Self.plain, file).status == 0)
                try await EarlierImport.run(file)
                let promoted = try await khata[.direct]!.run(["promote", file.path, database.ownerURL])
                #expect(promoted.status == 0, "\(promoted.errors)")
                let files = [(Self.plain, "1,103"), (EarlierImport.plain, "5"), (EarlierImport.withIDs, "3")]
                for (text, rows) in files {
                    let imported = try await Program(on: database).imports(text, file)
                    #expect(
                        imported.output.contains("\(rows) rows, 0 new, \(rows) there already"),
                        "\(imported.output)\(imported.errors)")
                }
            }
        }
    }
}

extension TestFile {
    /// Writes a file beside the shop's.
    /// - Returns: Its path.
    func table(_ text: String) throws -> String {
        let table = folder.appending(path: "\(UUID()).csv")
        try Data(text.utf8).write(to: table)
        return table.path
    }
}

extension Program {
    func imports(_ text: String, _ file: TestFile, _ flags: String...) async throws -> Outcome {
        try await run(["import", try file.table(text)] + flags)
    }
}

/// What programs before this one left of an import through a server, when that had forgotten the keys: entries that an API
/// key made, in requests with these ids.
private struct EarlierImport {
    static let plain =
        "store_id,to_store_id,sku,movement_type,quantity\n"
        + "1,,S1,IN,50\n2,,R5,IN,7\n1,,R5,IN,8\n1,2,S1,transfer,3\n1,,S1,SALE,5\n"
    static let withIDs =
        "external_id,store_id,to_store_id,sku,movement_type,quantity\n"
        + "\"چائے \"\"1\"\"\",1,,S1,IN,5\nA2,2,,S1,IN,5\nA3,1,2,S1,transfer,2\n"

    let ledger: SQLiteLedger

    static func run(_ file: TestFile) async throws {
        try await file.withLedger(.asItIs) { ledger in
            let imports = EarlierImport(ledger: ledger)
            try await imports.runPlain()
            try await imports.runWithIDs()
        }
    }

    private func runPlain() async throws {
        func context(_ line: Int) -> CommandContext {
            Self.context("import-\(Self.digest(Self.plain).prefix(16))-\(line)")
        }
        for batch in [[movement(1, 102, 50), movement(1, 101, 8)], [movement(2, 101, 7)]] {
            _ = try await ledger.record(Batch(batch, isAtomic: true), context(2))
        }
        _ = try await ledger.record(transfer(3), context(5))
        _ = try await ledger.record(Batch([movement(1, 102, 5, .sale)], isAtomic: true), context(6))
    }

    private func runWithIDs() async throws {
        func context(_ id: String) -> CommandContext { Self.context("import-external-\(Self.digest(id))") }
        _ = try await ledger.record(movement(1, 102, 5), context("چائے \"1\""))
        _ = try await ledger.record(movement(2, 102, 5), context("A2"))
        _ = try await ledger.record(transfer(2), context("A3"))
    }

    private func movement(
        _ store: Int64, _ product: Int64, _ units: Int64, _ kind: Movement.Kind = .stockIn
    ) -> Movement {
        .moving(kind, units, ProductID(rawValue: product), in: StoreID(rawValue: store))
    }

    private func transfer(_ units: Int64) -> Transfer {
        Transfer(
            productID: ProductID(rawValue: 102), from: StoreID(rawValue: 1), to: StoreID(rawValue: 2),
            quantity: Quantity(units)!)
    }

    private static func context(_ requestID: String) -> CommandContext {
        CommandContext(actor: "key:0a1b2c", requestID: requestID)
    }

    private static func digest(_ text: String) -> String {
        SHA256.hash(data: Data(text.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
