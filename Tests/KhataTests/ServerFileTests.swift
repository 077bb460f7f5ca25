import Foundation
import GRDB
import LedgerTesting
import Testing

/// `khata import` and `khata export` on the shop of a server.
@Suite("Files through a server")
struct ServerFileTests {
    private let stores = "store_id,name\n1,Anarkali\n2,Bazaar\n"
    private let products = "product_id,sku,name\n101,R5,Rice 5kg\n102,S1,Sugar 1kg\n"
    private let movements =
        "store_id,to_store_id,sku,movement_type,quantity,occurred_at\n"
        + (0..<1_100).map { "\($0 % 2 + 1),,S1,IN,\($0 + 1),2026-01-01T00:00:00Z\n" }.joined()
        + "1,2,S1,transfer,3,\n1,,S1,SALE,5,\n"

    private func with(_ body: (ServedShop, TestFile) async throws -> Void) async throws {
        try await TestFile.with { file in
            try await ServedShop.with(file) { shop in try await body(shop, file) }
        }
    }

    /// Imports a file with these contents.
    /// - Parameter counts: What the command says of the rows.
    private func expect(
        _ counts: String, importing text: String, _ shop: ServedShop, _ file: TestFile
    ) async throws {
        let table = file.folder.appending(path: "\(UUID()).csv")
        try Data(text.utf8).write(to: table)
        let imported = try await shop.khata.run(["import", table.path])
        #expect(imported.status == 0 && imported.output.contains(counts), "\(imported.output)\(imported.errors)")
    }

    @Test("come once, however often and however long ago they were imported, and go as from the file itself")
    func once() async throws {
        try await with { shop, file in
            try await expect("2 rows, 1 new, 1 changed", importing: stores, shop, file)
            try await expect("2 rows, 0 new, 2 there already", importing: stores, shop, file)
            try await expect("2 rows, 2 new", importing: products, shop, file)
            let renamed = products.replacing("Sugar 1kg", with: "White sugar")
            try await expect("2 rows, 0 new, 1 changed, 1 there already", importing: renamed, shop, file)
            try await expect("1,102 rows, 1,102 new", importing: movements, shop, file)
            try await expect("1,102 rows, 0 new, 1,102 there already", importing: movements, shop, file)
            // Also where all keys are forgotten, as by the servers of earlier programs.
            try await DatabaseQueue(path: file.path).write { try $0.execute(sql: "delete from idempotency") }
            try await expect("1,102 rows, 0 new, 1,102 there already", importing: movements, shop, file)

            for kind in ["products", "stores", "stock", "movements"] {
                let here = try await Program(on: file).run(["export", kind])
                let served = try await shop.khata.run(["export", kind])
                #expect(served.status == 0, "\(served.errors)")
                #expect(served.output == here.output, "\(kind)")
            }
            #expect(try await shop.khata.run(["audit", "verify"]).status == 0)
        }
    }

    @Test("with external ids bring each row once, also in another file and when the keys are forgotten")
    func externalIDs() async throws {
        try await with { shop, file in
            try await expect("1 changed", importing: stores, shop, file)
            try await expect("2 new", importing: products, shop, file)
            let march = "external_id,store_id,sku,movement_type,quantity\nچائے \"1\",1,S1,IN,5\nA2,2,S1,IN,5\n"
                .replacing("چائے \"1\"", with: "\"چائے \"\"1\"\"\"")
            try await expect("2 rows, 2 new", importing: march, shop, file)
            try await DatabaseQueue(path: file.path).write { try $0.execute(sql: "delete from idempotency") }
            try await expect("3 rows, 1 new, 2 there already", importing: march + "A3,1,S1,SALE,2\n", shop, file)
            let stock = try await shop.khata.run(["stock", "S1", "--json"])
            #expect(stock.output.contains(#""on_hand":3"#))
        }
    }

    @Test("with times of their own are refused before anything is written")
    func times() async throws {
        try await with { shop, file in
            let table = file.folder.appending(path: "history.csv")
            try "store_id,sku,movement_type,quantity,recorded_at\n1,S1,IN,5,2020-01-01T00:00:00Z\n"
                .write(to: table, atomically: true, encoding: .utf8)
            let refused = try await shop.khata.run(["import", table.path])
            #expect(refused.status == 1 && refused.errors.contains("records at its own time"), "\(refused.errors)")
        }
    }
}
