import Inventory
import InventoryContract
import NIOCore
import Testing

@testable import InventoryHTTP

@Suite("Bodies")
struct BodyTests {
    private static let sale = #""product_id": 101, "store_id": 2, "quantity": 3, "movement_type": "sale""#

    @Test("a movement with all its fields")
    func fullMovement() throws {
        let movement = try movement(
            """
            {"product_id": 101, "store_id": 2, "quantity": 1000000000, "movement_type": "manual-removal",
             "occurred_at": "2026-11-20T19:55:00+05:00", "reference": "INV-7", "note": "کھاتا", "expected_on_hand": 0}
            """)
        #expect(
            movement
                == Movement(
                    storeID: StoreID(rawValue: 2), productID: ProductID(rawValue: 101), kind: .manualRemoval,
                    quantity: Quantity(1_000_000_000)!,
                    notes: MovementNotes(
                        occurredAt: Timestamp("2026-11-20T14:55:00Z"), reference: "INV-7", note: "کھاتا"),
                    expectedOnHand: 0))
    }

    @Test(
        "both spellings of the movement types",
        arguments: [
            ("stock-in", .stockIn), ("IN", .stockIn), ("sale", .sale), ("SALE", .sale),
            ("manual-removal", .manualRemoval), ("REMOVAL", .manualRemoval),
        ] as [(String, Movement.Kind)])
    func spellings(name: String, kind: Movement.Kind) throws {
        let body = #"{"product_id": 1, "store_id": 2, "quantity": 3, "movement_type": "\#(name)"}"#
        #expect(try movement(body).kind == kind)
    }

    @Test("optional fields may be null")
    func nulls() throws {
        let body = #"{\#(Self.sale), "note": null, "reference": null, "occurred_at": null, "expected_on_hand": null}"#
        #expect(try movement(body).notes == MovementNotes())
    }

    @Test("the store may be in the path, and then in the body only if it is the same")
    func storeInPath() throws {
        let store = StoreID(rawValue: 2)
        let body = #"{"product_id": 1, "quantity": 3, "movement_type": "sale"}"#
        #expect(try movement(body, storeInPath: store).storeID == store)
        #expect(try movement("{\(Self.sale)}", storeInPath: store).storeID == store)
        #expect(pointers { try movement("{\(Self.sale)}", storeInPath: StoreID(rawValue: 3)) } == ["/store_id"])
    }

    @Test(
        "a quantity that is no whole number from 1 to the limit is refused",
        arguments: [
            "0", "-1", "1.5", "1.0", "1e3", "1000000001", "9223372036854775808", "\"3\"", "true", "null", "[]", "{}",
        ])
    func quantity(text: String) {
        let body = #"{"product_id": 1, "store_id": 2, "movement_type": "sale", "quantity": \#(text)}"#
        #expect(pointers { try movement(body) } == ["/quantity"])
    }

    @Test(
        "an id that JSON clients cannot read exactly is refused",
        arguments: ["0", "-1", "9007199254740992", "1.5", "\"1\"", "null"])
    func id(text: String) {
        let body = #"{"product_id": \#(text), "store_id": 2, "movement_type": "sale", "quantity": 1}"#
        #expect(pointers { try movement(body) } == ["/product_id"])
    }

    @Test(
        "other fields are refused for what is wrong with them",
        arguments: [
            (#""note": """#, "/note"), (#""note": " ""#, "/note"), (#""note": 5"#, "/note"),
            (#""note": "a\u0000b""#, "/note"), (#""note": "a\nb""#, "/note"), (#""note": "\u0085""#, "/note"),
            (#""note": "\#(String(repeating: "x", count: 1_001))""#, "/note"),
            (#""reference": "\#(String(repeating: "x", count: 201))""#, "/reference"),
            (#""occurred_at": "yesterday""#, "/occurred_at"),
            (#""occurred_at": "2026-02-30T00:00:00Z""#, "/occurred_at"),
            (#""occurred_at": 1700000000"#, "/occurred_at"), (#""occurred_at": "2026-11-20""#, "/occurred_at"),
            (#""expected_on_hand": -1"#, "/expected_on_hand"), (#""expected_on_hand": 0.5"#, "/expected_on_hand"),
            (#""qty": 3"#, "/qty"), (#""a/b~c": 3"#, "/a~1b~0c"), (#""quantity": 3"#, "/quantity"),
        ])
    func field(text: String, pointer: String) {
        #expect(pointers { try movement("{\(Self.sale), \(text)}") } == [pointer])
    }

    @Test("a type that is no client's to record is refused", arguments: ["transfer-in", "Sale", "", "OUT"])
    func type(name: String) {
        let body = #"{"product_id": 1, "store_id": 2, "quantity": 3, "movement_type": "\#(name)"}"#
        #expect(pointers { try movement(body) } == ["/movement_type"])
    }

    @Test("all that is wrong is said at once")
    func collected() {
        let body = #"{"quantity": 0, "movement_type": 7, "colour": "red"}"#
        #expect(
            pointers { try movement(body) } == ["/store_id", "/product_id", "/movement_type", "/quantity", "/colour"])
    }

    @Test("what is not an object is refused as a whole", arguments: ["[]", "null", "1", "\"a\"", "true"])
    func notAnObject(text: String) {
        #expect(pointers { try movement(text) } == [""])
    }

    @Test("what is not JSON is another problem")
    func malformed() {
        #expect(problem { try movement("{") }?.code == .malformedJSON)
        #expect(problem { try movement("") }?.code == .malformedJSON)
    }

    @Test("text is measured in characters, not bytes")
    func characters() throws {
        let name = String(repeating: "ک", count: 200)
        #expect(try product(#"{"name": "\#(name)"}"#).name == name)
        #expect(pointers { try product(#"{"name": "\#(name)x"}"#) } == ["/name"])
    }

    @Test("a transfer needs two stores")
    func transfer() throws {
        let body = #"{"product_id": 103, "from_store_id": 1, "to_store_id": 2, "quantity": 10}"#
        #expect(
            try transfer(body)
                == Transfer(
                    productID: ProductID(rawValue: 103), from: StoreID(rawValue: 1), to: StoreID(rawValue: 2),
                    quantity: Quantity(10)!))
        let same = #"{"product_id": 103, "from_store_id": 1, "to_store_id": 1, "quantity": 10}"#
        #expect(pointers { try transfer(same) } == ["/to_store_id"])
        #expect(
            pointers { try transfer("{}") } == ["/product_id", "/from_store_id", "/to_store_id", "/quantity"])
    }

    @Test("a product's fields")
    func product() throws {
        let body = #"{"product_id": 102, "name": "Sugar 1kg", "category": "Grocery", "unit": "pack"}"#
        #expect(try product(body) == ProductDetails(name: "Sugar 1kg", category: "Grocery", unit: "pack"))
        #expect(pointers { try product(#"{"sku": "", "price": 1}"#) } == ["/sku", "/name", "/price"])
    }

    @Test("a batch has 1 to 1,000 lines, each with pointers of its own")
    func batch() throws {
        func batch(_ body: String) throws -> BatchBody {
            var fields = try fields(of: body)
            return try fields.reading { BatchBody(&$0, RoutePath(segments: []), HTTPLimits()) }
        }
        var lines = try batch("{\"movements\": [{\(Self.sale)}, {\"quantity\": 0}, 7]}").lines
        #expect(try lines[0].reading { Movement(&$0, InputLimits()) }.quantity.units == 3)
        #expect(
            pointers { try lines[1].reading { Movement(&$0, InputLimits()) } } == [
                "/movements/1/store_id", "/movements/1/product_id", "/movements/1/movement_type",
                "/movements/1/quantity",
            ])
        #expect(pointers { try lines[2].reading { Movement(&$0, InputLimits()) } } == ["/movements/2"])

        let thousand = [String](repeating: "{}", count: 1_000).joined(separator: ",")
        #expect(try batch("{\"movements\": [\(thousand)], \"atomic\": true}").isAtomic)
        for text in ["{\"movements\": [\(thousand),{}]}", "{\"movements\": []}", "{\"movements\": {}}", "{}"] {
            #expect(pointers { try batch(text) } == ["/movements"])
        }
        #expect(pointers { try batch("{\"movements\": [{}], \"atomic\": \"yes\"}") } == ["/atomic"])
    }

    private func fields(of text: String) throws -> JSONFields {
        try JSONBody(bytes: ByteBuffer(string: text)).fields()
    }

    private func movement(_ text: String, storeInPath: StoreID? = nil) throws -> Movement {
        var fields = try fields(of: text)
        return try fields.reading { Movement(&$0, storeInPath: storeInPath, InputLimits()) }
    }

    private func transfer(_ text: String) throws -> Transfer {
        var fields = try fields(of: text)
        return try fields.reading { Transfer(&$0, InputLimits()) }
    }

    private func product(_ text: String) throws -> ProductDetails {
        var fields = try fields(of: text)
        return try fields.reading { ProductBody(&$0, RoutePath(segments: []), HTTPLimits()) }.details
    }
}

/// The problem that `body` throws; `nil` if it throws none.
func problem(_ body: () throws -> some Any) -> Problem? {
    do {
        _ = try body()
        return nil
    } catch {
        return error as? Problem
    }
}

/// Where `body` finds something wrong with a request's body.
func pointers(_ body: () throws -> some Any) -> [String]? {
    guard let problem = problem(body), problem.code == .invalidBody else { return nil }
    return problem.items.map(\.pointer)
}
