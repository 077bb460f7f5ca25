import Inventory
import InventoryContract
import JSON
import NIOCore
import Testing

@testable import InventoryHTTP

@Suite("Shapes of answers")
struct JSONShapeTests {
    private let entry = LedgerEntry(
        storeID: StoreID(rawValue: 1), position: Position(rawValue: 42), productID: ProductID(rawValue: 101),
        type: .sale, quantity: 3, onHandAfter: 17, transferID: nil, notes: MovementNotes(),
        recordedAt: Timestamp("2026-11-20T19:55:00.123456Z")!)

    @Test("a recorded movement")
    func movement() {
        #expect(
            json { $0.value(RecordedMovement(entry)) }
                == #"{"store_id":1,"position":42,"product_id":101,"movement_type":"sale","quantity":3,"on_hand":17,"#
                + #""recorded_at":"2026-11-20T19:55:00.123456Z"}"#)
    }

    @Test("a transfer")
    func transfer() {
        let arrival = LedgerEntry(
            storeID: StoreID(rawValue: 2), position: Position(rawValue: 7), productID: ProductID(rawValue: 101),
            type: .transferIn, quantity: 3, onHandAfter: 3, transferID: "1-42", notes: MovementNotes(),
            recordedAt: Timestamp("2026-11-20T19:55:00.123457Z")!)
        let transfer = RecordedTransfer(id: "1-42", out: RecordedMovement(entry), in: RecordedMovement(arrival))
        #expect(
            json { $0.value(transfer) }
                == #"{"transfer_id":"1-42","product_id":101,"quantity":3,"recorded_at":"2026-11-20T19:55:00.123457Z","#
                + #""from":{"store_id":1,"position":42,"on_hand":17},"to":{"store_id":2,"position":7,"on_hand":3}}"#)
    }

    @Test("an entry of the ledger shows what it does not have")
    func entryShape() {
        #expect(
            json { $0.value(entry) }
                == #"{"store_id":1,"position":42,"product_id":101,"movement_type":"sale","quantity":3,"on_hand":17,"#
                + #""transfer_id":null,"reference":null,"note":null,"occurred_at":null,"#
                + #""recorded_at":"2026-11-20T19:55:00.123456Z"}"#)
    }

    @Test("a batch's results")
    func batch() {
        let results = [
            RecordedBatch.Line.refused(.insufficientStock(onHand: 2, requested: 3)), .recorded(RecordedMovement(entry)),
        ]
        let text = json { $0.value(results.enumerated().map { BatchResult($1, at: $0) }) }
        let refused =
            #"{"type":"/problems/insufficient-stock","title":"Insufficient stock","status":409,"#
            + #""detail":"There are 2 on hand, 3 were requested.","code":"insufficient-stock","#
            + #""on_hand":2,"requested":3}"#
        #expect(text.hasPrefix(#"{"results":[\#(refused),{"status":201,"store_id":1,"#))
    }

    @Test("a level in a page")
    func stockItem() {
        let item = StockItem(
            productID: ProductID(rawValue: 101), name: "Sugar \"1kg\"\n", category: nil, unit: "pack", onHand: 17,
            updatedAt: nil)
        #expect(
            json { $0.value(item) }
                == #"{"product_id":101,"name":"Sugar \"1kg\"\n","category":null,"unit":"pack","on_hand":17,"updated_at":null}"#
        )
    }

    @Test("products and stores")
    func catalog() {
        let product = Product(
            id: ProductID(rawValue: 5), details: ProductDetails(name: "چینی"), position: Position(rawValue: 9))
        #expect(
            json { $0.value(product) }
                == #"{"product_id":5,"sku":null,"name":"چینی","category":null,"unit":null}"#)
        let store = Store(id: StoreID(rawValue: 2), name: "Anarkali", position: Position(rawValue: 9))
        #expect(json { $0.value(store) } == #"{"store_id":2,"name":"Anarkali"}"#)
    }

    @Test("an audit entry shows its detail as it was hashed")
    func audit() {
        let audit = AuditEntry(
            storeID: StoreID(rawValue: 1), position: Position(rawValue: 1), recordedAt: entry.recordedAt,
            actor: "key:a", actionName: "sale", requestID: "r", detail: #"{"quantity": 3}"#,
            hash: AuditHash(bytes: (0..<32).map { $0 * 8 }))
        #expect(
            json { $0.value(audit) }
                == #"{"store_id":1,"position":1,"recorded_at":"2026-11-20T19:55:00.123456Z","actor":"key:a","action":"sale","#
                + #""request_id":"r","detail":{"quantity": 3},"#
                + #""hash":"0008101820283038404850586068707880889098a0a8b0b8c0c8d0d8e0e8f0f8"}"#)
    }

    @Test(
        "a report's row in each grouping",
        arguments: [
            (.product, 0, "", ""), (.store, 7, #""store_id":7,"#, "7,"),
            (.day, 1_795_132_800_000_000, #""day":"2026-11-20","#, "2026-11-20,"),
        ] as [(ReportQuery.Grouping, Int64, String, String)])
    func report(grouping: ReportQuery.Grouping, group: Int64, field: String, column: String) {
        let row = ReportRow(
            key: .init(productID: ProductID(rawValue: 5), group: group), name: "Tea, \"green\"", opening: 10,
            stockIn: 5,
            sold: 3, removed: 1, transferredIn: 2, transferredOut: 4)
        #expect(
            json { $0.value(row, grouping) }
                == #"{"product_id":5,"name":"Tea, \"green\"",\#(field)"opening":10,"stock_in":5,"sold":3,"removed":1,"#
                + #""transferred_in":2,"transferred_out":4,"closing":9}"#)
        #expect(row.csv(grouping, isForSpreadsheets: true) == "5,\"Tea, \"\"green\"\"\",\(column)10,5,3,1,2,4,9\r\n")
        let fields = row.csv(grouping, isForSpreadsheets: true).split(separator: ",")
        #expect(ReportRow.csvHeader(grouping).split(separator: ",").count == fields.count - 1)
    }

    @Test("health in the draft's shape")
    func health() {
        let checks = [
            ComponentHealth(name: "primary:responseTime", status: .pass, observed: 1.5, unit: "ms"),
            ComponentHealth(name: "replica:lag", status: .warn, observed: .infinity, output: "behind"),
        ]
        #expect(
            json { $0.value(.warn, checks) }
                == #"{"status":"warn","checks":{"primary:responseTime":[{"status":"pass","observedValue":1.5,"observedUnit":"ms"}],"#
                + #""replica:lag":[{"status":"warn","output":"behind"}]}}"#)
        #expect(json { $0.value(.pass, nil) } == #"{"status":"pass"}"#)
    }

    private func json(_ write: (inout JSONWriter<ByteBuffer>) -> Void) -> String {
        var json = JSONWriter(output: ByteBuffer())
        write(&json)
        return String(buffer: json.output)
    }
}
