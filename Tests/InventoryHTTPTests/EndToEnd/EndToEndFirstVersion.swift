import Access
import Inventory
import JSON
import NIOHTTP1
import Testing

@testable import InventoryHTTP

extension EndToEnd {
    /// Requests as the first versions' clients send them.
    @Suite("The first versions' routes")
    struct FirstVersion {
        @Test("a first stock-in adds the product, and its stock is read by name", arguments: ["", "/api/v1"])
        func contract(prefix: String) async throws {
            try await LiveServer.with { server in
                #expect(try await server.post("/stores", #"{"store_id": 1, "name": "Shop"}"#).status == 201)
                let moved = try await server.post(
                    "\(prefix)/stock/move", #"{"product": "Sugar 1kg", "type": "IN", "quantity": 5}"#, as: .manager)
                #expect(moved.status == 201)
                #expect(
                    moved.json.names == ["status", "product", "type", "quantity", "stock", "position", "recorded_at"])
                #expect(
                    moved.text.hasPrefix(
                        #"{"status":"recorded","product":"Sugar 1kg","type":"IN","quantity":5,"stock":5,"position":1,"#)
                )
                #expect(moved.header("inventory-position") == "1")
                let read = try await server.get("\(prefix)/stock/Sugar%201kg", as: .reader)
                #expect(read.status == 200)
                #expect(read.text == #"{"product":"Sugar 1kg","stock":5}"#)
                #expect(read.header("inventory-position") == "1")
                let tag = try #require(read.header("etag"))
                let again = try await server.get("\(prefix)/stock/sugar%201KG/", headers: [("If-None-Match", tag)])
                #expect(again.status == 304)
                #expect(try await server.get("/products")["items"]?.elements.map { $0["name"] } == ["Sugar 1kg"])
                try await server.expectSound(stores: 0...1)
            }
        }

        @Test("every type is taken in both spellings, in any case of the name, and told in the first one")
        func types() async throws {
            try await LiveServer.with { server in
                try await server.stocked(20)
                var stock: Int64 = 20
                for (name, spelling, change) in [
                    ("IN", "IN", 2), ("stock-in", "IN", 2), ("SALE", "SALE", -2), ("sale", "SALE", -2),
                    ("REMOVAL", "REMOVAL", -2), ("manual-removal", "REMOVAL", -2),
                ] as [(String, JSONValue, Int64)] {
                    let moved = try await server.move("product 101", name, 2, as: .clerk)
                    #expect(moved.status == 201)
                    stock += change
                    #expect(moved["stock"] == .integer(stock))
                    #expect(moved["type"] == spelling)
                    #expect(try await server.get("/stock/Product%20101")["stock"] == .integer(stock))
                }
            }
        }

        @Test(
            "odd names are names",
            arguments: [
                "move", "1", "a/b", "50% off?", "7+Up", "#1 \"best\" \\ & co.", "چینی ۱ کلو", "🍬🍭 Toffee",
                String(repeating: "Ä", count: 200),
            ])
        func oddNames(name: String) async throws {
            try await LiveServer.with { server in
                #expect(try await server.post("/stores", #"{"name": "Shop"}"#).status == 201)
                let moved = try await server.move(name, "IN", 5)
                #expect(moved.status == 201)
                #expect(moved["product"] == .text(name))
                let read = try await server.get("/stock/\(name.percentEncoded)")
                #expect(read.status == 200)
                #expect(read.json.names == ["product", "stock"])
                #expect(read["product"] == .text(name))
                #expect(read["stock"] == 5)
            }
        }

        @Test("what cannot be done is refused, and nothing is added to the catalog")
        func refusals() async throws {
            try await LiveServer.with { server in
                #expect(try await server.move("Tea", "IN", 5).status == 404)
                #expect(try await server.get("/products")["items"] == .array([]))
                try await server.stocked(5)
                func expect(_ answer: Answer, _ status: Int, _ code: JSONValue) {
                    #expect(answer.status == status)
                    #expect(answer.code == code)
                }
                for name in ["Tea", "101", "%"] {
                    let sale = try await server.move(name, "SALE", 1)
                    expect(sale, 422, "unknown-product")
                    #expect(sale.pointers == ["/product"])
                    expect(try await server.get("/stock/\(name.percentEncoded)"), 404, "not-found")
                }
                let tooMuch = try await server.move("Product 101", "SALE", 6)
                expect(tooMuch, 409, "insufficient-stock")
                #expect(tooMuch["on_hand"] == 5)
                expect(try await server.move("Product 101", "IN", 1, as: .reader), 403, "forbidden")
                expect(try await server.move("Tea", "IN", 1, as: .clerk), 403, "forbidden")
                expect(try await server.move(String(repeating: "x", count: 201), "IN", 1), 422, "invalid-body")
                expect(try await server.move("Product 101", "OUT", 1), 422, "invalid-body")
                expect(
                    try await server.post(
                        "/stock/move", #"{"product": "Product 101", "type": "IN", "quantity": 1, "store_id": 2}"#),
                    422, "invalid-body")
                for path in ["/stock/%00", "/stock/a%0Ab", "/stock/" + String(repeating: "x", count: 201)] {
                    expect(try await server.get(path), 404, "not-found")
                }
                for name in ["Soap", "SOAP"] {
                    #expect(try await server.post("/products", #"{"name": "\#(name)"}"#).status == 201)
                }
                expect(try await server.get("/stock/soap"), 409, "ambiguous-name")
                expect(try await server.move("soap", "SALE", 1), 409, "ambiguous-name")
                expect(try await server.move("soap", "IN", 1), 409, "ambiguous-name")
                #expect(try await server.move("SOAP", "IN", 1).status == 201)
                #expect(try await server.get("/products")["items"]?.elements.count == 7)
            }
        }

        @Test("a retry has the first answer, even if nothing is called so any more")
        func retry() async throws {
            try await LiveServer.with { server in
                try await server.stocked(0)
                let key = [("Idempotency-Key", "receipt-1")]
                let first = try await server.move("Tea", "IN", 5, headers: key)
                #expect(first.status == 201)
                let path = "/products/106"
                #expect(try await server.send(.PUT, path, #"{"name": "Green tea"}"#).status == 200)
                for _ in 0..<2 {
                    let retried = try await server.move("Tea", "IN", 5, headers: key)
                    #expect(retried.text == first.text)
                    #expect(retried.header("idempotent-replayed") == "true")
                }
                #expect(try await server.move("Tea", "IN", 6, headers: key).code == "idempotency-key-reused")
                #expect(try await server.get("/stock/Green%20tea")["stock"] == 5)
                #expect(try await server.get("/products")["items"]?.elements.count == 6)
            }
        }

        @Test("two hundred first stock-ins of one name make one product, and none is lost")
        func race() async throws {
            try await LiveServer.withTwo { one, two in
                #expect(try await one.post("/stores", #"{"name": "Shop"}"#).status == 201)
                let answers = try await withThrowingTaskGroup { group in
                    for index in 0..<200 {
                        let server = index % 2 == 0 ? one : two
                        group.addTask { try await server.move(index % 4 < 2 ? "چائے Tea" : "چائے tea", "IN", 1) }
                    }
                    return try await group.reduce(into: [Answer]()) { $0.append($1) }
                }
                #expect(answers.allSatisfy { $0.status == 201 })
                #expect(try await two.get("/stock/\("چائے Tea".percentEncoded)")["stock"] == 200)
                #expect(try await one.get("/products")["items"]?.elements.count == 1)
                try await one.expectSound(stores: 0...1)
            }
        }

        @Test("the default store is the one that is set")
        func defaultStore() async throws {
            try await LiveServer.with(LiveServer.Setup(defaultStoreID: StoreID(rawValue: 2))) { server in
                try await server.stocked(5)
                #expect(try await server.move("Product 101", "IN", 7, as: .clerk)["stock"] == 7)
                #expect(try await server.get("/stock/Product%20101")["stock"] == 7)
                #expect(try await server.onHand(101, store: 2) == 7)
            }
        }
    }
}

extension LiveServer {
    fileprivate func move(
        _ product: String, _ type: String, _ quantity: Int, as role: Role = .admin, headers: [(String, String)] = []
    ) async throws -> Answer {
        let name = product.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\")
            .split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"")
        return try await post(
            "/stock/move", #"{"product": "\#(name)", "type": "\#(type)", "quantity": \#(quantity)}"#, as: role,
            headers: headers)
    }
}

extension String {
    /// As one segment of a path.
    fileprivate var percentEncoded: String {
        utf8.map { byte in
            let character = Character(Unicode.Scalar(byte))
            return character.isLetter && character.isASCII
                ? String(character) : "%" + String(256 + Int(byte), radix: 16).dropFirst()
        }.joined()
    }
}
