import Inventory
import LedgerTesting
import StockFiles
import Testing

@Suite("Import")
struct ImportTests {
    @Test("products and stores become what the file says, once")
    func catalog() async throws {
        try await LedgerAndFiles.with { shop in
            let products = "\u{FEFF}sku,name,unit\r\nS1,\"Sugar, 1kg\",pack\r\n,چائے,\r\n"
            try await shop.imports(products, added: 2)
            try await shop.imports(products, unchanged: 2)
            try await shop.imports("sku,name,unit,category\nS1,Sugar 1kg,,Grocery\n,Oil,,\n", added: 1, changed: 1)
            #expect(
                try await shop.export(.products)
                    == "product_id,sku,name,category,unit\r\n1,S1,Sugar 1kg,Grocery,\r\n2,,چائے,,\r\n3,,Oil,,\r\n")
            try await shop.imports("store_id,name\n7,Seven\n", added: 1)
            try await shop.imports("store_id,name\n7,\"Seven\"\n8,Eight\n", added: 1, unchanged: 1)
            try await shop.imports("store_id,name\n8,Acht\n", changed: 1)
            #expect(try await shop.export(.stores) == "store_id,name\r\n7,Seven\r\n8,Acht\r\n")
            try await shop.expectSound([0])
        }
    }

    @Test("opening stock is taken once, and only where there is none")
    func stock() async throws {
        try await LedgerAndFiles.stocked { shop in
            let file = "store_id,name,on_hand\n1,Sugar 1kg,20\n1,rice 5KG,0\n2,چائے,7\n"
            for (added, unchanged) in [(2, 1), (0, 3), (0, 3)] {
                try await shop.imports(file, added: added, unchanged: unchanged)
            }
            #expect(try await shop.onHand(1, 102) == 20)
            #expect(try await shop.onHand(2, 103) == 7)
            let emptyFirst = "store_id,name,on_hand\n1,rice 5KG,0\n2,rice 5KG,6\n"
            for (added, unchanged) in [(1, 1), (0, 2)] {
                try await shop.imports(emptyFirst, added: added, unchanged: unchanged)
            }
            #expect(try await shop.refuses("store_id,sku,on_hand\n1,S1,20\n2,S1,3\n") == ["2 on_hand"])
            #expect(try await shop.onHand(2, 102) == 0)
            #expect(try await shop.refuses("store_id,sku,on_hand\n2,S1,20\n2,S1,20\n") == ["3 on_hand"])
            #expect(
                try await shop.export(.stock)
                    == "store_id,product_id,name,on_hand\r\n1,102,Sugar 1kg,20\r\n2,101,Rice 5kg,6\r\n2,103,چائے,7\r\n")
            try await shop.expectSound()
        }
    }

    @Test("nothing is written unless every row can be; the levels are foreseen, row by row")
    func allOrNothing() async throws {
        try await LedgerAndFiles.stocked { shop in
            try await shop.imports("store_id,sku,on_hand\n1,S1,10\n", added: 1)
            let header = "store_id,to_store_id,sku,movement_type,quantity\n"
            let rows = "1,,S1,sale,4\n1,2,S1,transfer,6\n2,,S1,sale,6\n1,,S1,stock-in,1\n"
            #expect(
                try await shop.refuses(header + rows + "1,,S1,REMOVAL,2\n9,,S1,IN,1\n") == ["6 quantity", "7 store_id"])
            #expect(try await shop.entries().count == 1)
            let dry = try await shop.run(header + rows, ImportOptions(isDryRun: true))
            #expect(dry.rows == 4 && dry.added == 4 && dry.refused == 0)
            #expect(try await shop.entries().count == 1)
            try await shop.imports(header + rows, added: 4)
            // Now the levels are others, and all of it is there.
            try await shop.imports(header + rows, unchanged: 4)
            #expect(try await shop.onHand(1, 102) == 1)
            #expect(try await shop.onHand(2, 102) == 0)
            try await shop.expectSound()
        }
    }

    @Test("what cannot be imported is left out when asked for, and told with its row")
    func skipping() async throws {
        try await LedgerAndFiles.stocked { shop in
            let file = "store_id,sku,movement_type,quantity\n1,S1,IN,5\n1,S1,SALE,6\n1,X,IN,1\n1,S1,SALE,5\n2,S1,IN,0\n"
            let problems = Problems()
            let summary = try await shop.run(file, ImportOptions(skipsInvalid: true), observer: problems)
            #expect(summary.rows == 5 && summary.added == 2 && summary.refused == 3 && !summary.isStopped)
            #expect(problems.all.map(\.line) == [3, 4, 6])
            #expect(problems.all.map(\.column) == ["quantity", "sku", "quantity"])
            #expect(problems.records.map(\.line) == [3, 4, 6])
            #expect(problems.records[0].fields == ["1", "S1", "SALE", "6"])
            #expect(try await shop.onHand(1, 102) == 0)
            // What was left out could be taken by now; it is not, because its rows are those of a file that is done.
            try await shop.imports("sku,name\nX,Extra\n", added: 1)
            let again = try await shop.run(file, ImportOptions(skipsInvalid: true))
            #expect(again.added == 0)
            #expect(try await shop.entries().count == 2)
        }
    }

    @Test("an import that was interrupted goes on, and writes nothing twice", arguments: [1, 2, 4, 7])
    func resumes(writes: Int) async throws {
        try await LedgerAndFiles.stocked { shop in
            let file =
                "store_id,to_store_id,sku,movement_type,quantity\n"
                + (0..<4_000).map { index in
                    index % 1_500 == 700
                        ? "1,2,S1,transfer,3\n" : "\(index % 2 + 1),,S1,\(index % 4 < 2 ? "IN" : "SALE"),1\n"
                }.joined()
            try await shop.imports("store_id,sku,on_hand\n1,S1,100\n", added: 1)
            await #expect(throws: LedgerError.self) {
                try await shop.run(file, on: FailingLedger(shop.ledger, writes: writes))
            }
            let half = try await shop.entries().count
            #expect(half > 1 && half < 4_000)
            let summary = try await shop.run(file)
            #expect(summary.added > 0 && summary.unchanged > 0)
            #expect(summary.added + summary.unchanged == 4_000)
            #expect(try await shop.entries().count == 4_001 + 3)
            try await shop.imports(file, unchanged: 4_000)
            try await shop.expectSound()
        }
    }

    @Test("rows with an external_id are imported once, in whatever file they come")
    func externalIDs() async throws {
        try await LedgerAndFiles.stocked { shop in
            let march = "external_id,store_id,sku,movement_type,quantity\nA1,1,S1,IN,5\nA2,2,S1,IN,5\n"
            try await shop.imports(march, added: 2)
            try await shop.imports(march + "A3,1,S1,SALE,2\n", added: 1, unchanged: 2)
            try await shop.imports("sku,quantity,movement_type,store_id,external_id\nS1,2,sale,1,A3\n", unchanged: 1)
            #expect(
                try await shop.refuses("external_id,store_id,sku,movement_type,quantity\nA3,1,S1,SALE,1\n,1,S1,IN,1\n")
                    == ["3 external_id"])
            #expect(
                try await shop.refuses("external_id,store_id,sku,movement_type,quantity\nA3,1,S1,SALE,1\n")
                    == ["2 external_id"])
            #expect(try await shop.onHand(1, 102) == 3)
        }
    }

    @Test("what makes an import happen once is never forgotten")
    func permanent() async throws {
        try await LedgerAndFiles.stocked { shop in
            try await shop.imports("store_id,sku,on_hand\n1,S1,10\n2,S1,10\n", added: 2)
            #expect(
                try await shop.database.integers("select count(*) from idempotency where expires_at = 'infinity'") == [
                    2
                ])
        }
    }

    @Test("recorded_at is kept where there is no other history, and refused elsewhere")
    func history() async throws {
        try await LedgerAndFiles.stocked { shop in
            let header = "store_id,sku,movement_type,quantity,recorded_at\n"
            let rows = "1,S1,IN,5,2020-01-01T00:00:00Z\n1,S1,SALE,1,2020-01-01T00:00:01Z\n"
            try await shop.imports(header + rows, added: 2)
            #expect(
                try await shop.entries().map(\.recordedAt.description) == [
                    "2020-01-01T00:00:00.000000Z", "2020-01-01T00:00:01.000000Z",
                ])
            try await shop.imports(header + rows, unchanged: 2)
            let later = "1,S1,SALE,1,2020-01-02T00:00:00Z\n2,S1,IN,1,2020-01-02T00:00:00Z\n"
            #expect(try await shop.refuses(header + later) == ["2 recorded_at"])
            try await shop.imports(
                "store_id,sku,movement_type,quantity,occurred_at\n1,S1,SALE,1,2020-01-02T00:00:00Z\n", added: 1)
            let last = try #require(try await shop.entries().last)
            #expect(last.notes.occurredAt == Timestamp("2020-01-02T00:00:00Z"))
            #expect(last.recordedAt > Timestamp("2026-01-01T00:00:00Z")!)
            try await shop.expectSound()
        }
    }

    @Test(
        "a file that is no such file is refused whole",
        arguments: ["", "a,b\n1,2\n", "name\n\"Tea\n", "name\nTea\nOi\"l\n"])
    func noFile(text: String) async throws {
        try await LedgerAndFiles.with { shop in
            await #expect(throws: (any Error).self) { try await shop.run(text, ImportOptions(skipsInvalid: true)) }
            let products = try await shop.export(.products)
            #expect(products == "product_id,sku,name,category,unit\r\n")
        }
    }
}
