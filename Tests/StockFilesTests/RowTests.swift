import Inventory
import InventoryTesting
import Testing

@testable import StockFiles

@Suite("Rows of files")
struct RowTests {
    @Test(
        "the columns say what a file is about",
        arguments: [
            ("name", .products), ("sku,Name , UNIT", .products), ("store_id,name", .stores),
            ("store_id,sku,on_hand", .stock), ("store_id,name,movement_type,quantity", .movements),
        ] as [(String, FileKind)])
    func kinds(header: String, kind: FileKind) throws {
        #expect(try self.header(header).kind == kind)
    }

    @Test(
        "other columns are refused",
        arguments: [
            ("", "there is no column"), ("name,price", #"no column "price""#), ("name,name", "there twice"),
            ("sku", "need a column name"), ("store_id,name,sku", "have no column sku"),
            ("store_id,on_hand", "product_id, sku or name"), ("store_id,name,quantity", "need a column movement_type"),
            ("store_id,name,on_hand,note", "have no column note"), ("store_id;name", #"no column "store_id;name""#),
            ("name,", #"no column """#),
        ])
    func otherColumns(header: String, message: String) {
        #expect {
            try self.header(header)
        } throws: { error in
            (error as? StockFileError)?.description.contains(message) == true
        }
    }

    @Test("what a movement's row says")
    func movement() throws {
        let row = "1,102,sale,3,2026-11-20T19:55:00+05:00,R-1,\"by hand, twice\""
        let (planned, problems) = try planned(
            "store_id,product_id,movement_type,quantity,occurred_at,reference,note", row)
        #expect(problems == [])
        guard case .movement(let movement) = planned?.change else { throw UnexpectedRow() }
        #expect(movement.storeID == .one && movement.productID == .sugar && movement.kind == .sale)
        #expect(movement.quantity.units == 3)
        #expect(movement.notes.occurredAt == Timestamp("2026-11-20T14:55:00Z"))
        #expect(movement.notes.reference == "R-1" && movement.notes.note == "by hand, twice")
        #expect(movement.expectedOnHand == nil && movement.recordedAt == nil)
    }

    @Test(
        "a product is named by its id, or else its SKU, or else its name", arguments: ["102,,", ",S1,X", ",,SUGAR 1KG"])
    func product(names: String) throws {
        let (planned, _) = try planned("product_id,sku,name,store_id,on_hand", names + ",1,7")
        guard case .movement(let movement) = planned?.change else { throw UnexpectedRow() }
        #expect(movement.productID == .sugar && movement.kind == .stockIn && movement.quantity.units == 7)
        #expect(movement.expectedOnHand == 0)
    }

    @Test("an opening stock of 0 asks for nothing")
    func nothing() throws {
        let (planned, problems) = try planned("store_id,name,on_hand", "1,Sugar 1kg,0")
        #expect(planned == nil && problems == [])
    }

    @Test("a transfer goes from one store to another")
    func transfer() throws {
        let header = "store_id,to_store_id,sku,movement_type,quantity"
        guard case .transfer(let transfer) = try planned(header, "1,2,S1,transfer,4").0?.change else {
            throw UnexpectedRow()
        }
        #expect(transfer == Transfer(productID: .sugar, from: .one, to: .two, quantity: Quantity(4)!))
        #expect(try planned(header, "1,1,S1,transfer,4").1 == ["to_store_id"])
        #expect(try planned(header, "1,,S1,transfer,4").1 == ["to_store_id"])
        #expect(try planned(header, "1,2,S1,sale,4").1 == ["to_store_id"])
    }

    @Test(
        "each column that is wrong is named",
        arguments: [
            ("9,102,sale,3,", ["store_id"]), (",102,sale,3,", ["store_id"]), ("1,999,sale,3,", ["product_id"]),
            ("1,1.0,sale,3,", ["product_id"]), ("1,,sale,3,", [""]), ("1,102,OUT,3,", ["movement_type"]),
            ("1,102,,3,", ["movement_type"]), ("1,102,transfer-in,3,", ["movement_type"]),
            ("1,102,sale,0,", ["quantity"]), ("1,102,sale,-1,", ["quantity"]), ("1,102,sale,+1,", ["quantity"]),
            ("1,102,sale,1e3,", ["quantity"]), ("1,102,sale, 3,", ["quantity"]),
            ("1,102,sale,1000000001,", ["quantity"]), ("1,102,sale,99999999999999999999,", ["quantity"]),
            ("1,102,sale,3,yesterday", ["occurred_at"]),
            (
                "x,y,z,,2026",
                [
                    "store_id", "product_id", "movement_type",
                    "quantity", "occurred_at",
                ]
            ),
            ("1,102,sale", [""]), ("x,102,sale,0,,", [""]),
        ])
    func problems(row: String, columns: [String]) throws {
        #expect(try planned("store_id,product_id,movement_type,quantity,occurred_at", row).1 == columns)
    }

    @Test("times of one store must not go back, nor lie in the future")
    func times() throws {
        var rows = MovementRows(
            catalog, try header("store_id,sku,movement_type,quantity,recorded_at"),
            now: Timestamp("2026-11-20T00:00:00Z")!)
        func columns(_ line: String) throws -> [String] {
            var row = try row(line, rows.header)
            let planned = rows.planned(&row)
            #expect((planned == nil) == !row.problems.isEmpty)
            return row.problems.map { $0.column ?? "" }
        }
        #expect(try columns("1,S1,sale,1,2026-11-19T10:00:00Z") == [])
        #expect(try columns("2,S1,sale,1,2026-11-18T10:00:00Z") == [])
        #expect(try columns("1,S1,sale,1,2026-11-19T10:00:00Z") == [])
        #expect(try columns("1,S1,sale,1,2026-11-19T09:59:59Z") == ["recorded_at"])
        #expect(try columns("2,S1,sale,1,2026-11-21T00:00:00Z") == ["recorded_at"])
    }

    @Test("what is known of a product is kept where the file has no column for it")
    func catalogChanges() throws {
        func change(_ header: String, _ line: String) throws -> (CatalogRows.Change?, [String]) {
            let header = try self.header(header)
            var rows = CatalogRows(catalog, header)
            var row = try row(line, header)
            return (rows.change(&row), row.problems.map { $0.column ?? "" })
        }
        guard case .keep = try change("sku,name", "S1,Sugar 1kg").0 else { throw UnexpectedRow() }
        guard case .change(.replaceProduct(.sugar, let details, _)) = try change("sku,name", "S1,Sugar").0 else {
            throw UnexpectedRow()
        }
        #expect(details == ProductDetails(sku: "S1", name: "Sugar", category: "Grocery", unit: "pack"))
        guard case .change(.replaceProduct(.sugar, let emptied, _)) = try change("name,unit", "sugar 1KG,").0 else {
            throw UnexpectedRow()
        }
        #expect(emptied.unit == nil && emptied.category == "Grocery" && emptied.sku == "S1")
        guard case .add(.createProduct(nil, let tea)) = try change("name", "Tea").0 else { throw UnexpectedRow() }
        #expect(tea == ProductDetails(name: "Tea"))
        #expect(try change("product_id,sku,name", "103,S1,Tea").1 == ["sku"])
        #expect(try change("product_id,name", "102,").1 == ["name"])
    }

    @Test("a product that is in the file twice is refused the second time")
    func repetition() throws {
        let header = try header("product_id,sku,name")
        var rows = CatalogRows(catalog, header)
        for (line, columns) in [
            ("7,A,Tea", []), ("8,B,Tea", []), ("7,,Tea", ["product_id"]), ("9,A,Tea", ["sku"]), (",,Oil", []),
            (",,OIL", ["name"]),
        ] as [(String, [String])] {
            var row = try row(line, header)
            _ = rows.change(&row)
            #expect(row.problems.map(\.column) == columns)
        }
    }

    /// "é" is one letter or two.
    @Test("SKUs, categories and names of stores are other ones if they are composed in another way")
    func composed() throws {
        var catalog = CatalogIndex()
        let (one, two) = ("caf\u{E9}", "cafe\u{301}")
        let (tea, milk) = (ProductID(rawValue: 1), ProductID(rawValue: 2))
        catalog.put(Product(id: tea, details: ProductDetails(sku: one, name: "Tea", category: one), position: .zero))
        catalog.put(Product(id: milk, details: ProductDetails(sku: two, name: "Milk"), position: .zero))
        catalog.put(Store(id: .one, name: one, position: .zero))
        #expect(catalog.product(sku: one)?.id == tea && catalog.product(sku: two)?.id == milk)

        let products = try header("sku,name,category")
        var rows = CatalogRows(catalog, products)
        var row = try row("\(one),Tea,\(two)", products)
        guard case .change(.replaceProduct(tea, let details, _)) = rows.change(&row) else { throw UnexpectedRow() }
        #expect(details.category.map(ExactText.init) == ExactText(two))
        row = try self.row("\(two),Milk,", products)
        guard case .keep = rows.change(&row) else { throw UnexpectedRow() }
        #expect(row.problems == [])

        let stores = try header("store_id,name")
        rows = CatalogRows(catalog, stores)
        row = try self.row("1,\(two)", stores)
        guard case .change = rows.change(&row) else { throw UnexpectedRow() }
    }

    private let catalog = {
        var catalog = CatalogIndex()
        for id in [StoreID.one, .two] { catalog.put(Store(id: id, name: "Store \(id)", position: .zero)) }
        catalog.put(
            Product(
                id: .sugar, details: ProductDetails(sku: "S1", name: "Sugar 1kg", category: "Grocery", unit: "pack"),
                position: .zero))
        return catalog
    }()

    private func header(_ line: String) throws -> FileHeader {
        try FileHeader(
            CSVRecord(line: 1, fields: line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)))
    }

    private func row(_ line: String, _ header: FileHeader) throws -> ImportRow {
        var bytes = Array(line.utf8)
        var reader = CSVReader {
            defer { bytes = [] }
            return bytes
        }
        return ImportRow(try reader.next()!, header, InputLimits())
    }

    private func planned(_ header: String, _ line: String) throws -> (PlannedRow?, [String]) {
        let header = try self.header(header)
        var rows = MovementRows(catalog, header, now: .latest)
        var row = try row(line, header)
        return (rows.planned(&row), row.problems.map { $0.column ?? "" })
    }
}

struct UnexpectedRow: Error {}
