import Inventory
import InventoryContract
import JSON
import Testing

@Suite("JSON values")
struct JSONValueTests {
    @Test(
        "what a writer wrote is written again byte for byte",
        arguments: [
            #"{"product_id":102,"note":"a\"b\\\n\u0001چینی🛒","list":[1,-2,true,null,{}],"observed":1.50e+3}"#, "[]",
            #"{"a":1,"a":null}"#,
        ])
    func roundTrip(text: String) throws {
        let value = try Array(text.utf8).withUnsafeBytes { try JSONParser.parse($0) }
        #expect(String(json: { $0.value(value) }) == text)
    }

    @Test("requests have the fields of the contract, and none that were not given")
    func requests() {
        let movement = Movement(
            storeID: StoreID(rawValue: 2), productID: ProductID(rawValue: 101), kind: .manualRemoval,
            quantity: Quantity(3)!, notes: MovementNotes(note: "wet"), expectedOnHand: 0)
        #expect(
            String(json: { $0.value(movement) })
                == #"{"store_id":2,"product_id":101,"movement_type":"manual-removal","quantity":3,"note":"wet","#
                + #""expected_on_hand":0}"#)
        #expect(
            String(json: { $0.value(ProductDetails(name: "Tea"), id: nil) }) == #"{"name":"Tea"}"#)
    }
}
