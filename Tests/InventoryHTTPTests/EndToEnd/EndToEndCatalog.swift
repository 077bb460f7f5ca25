import Access
import Inventory
import JSON
import NIOHTTP1
import Testing

@testable import InventoryHTTP

extension EndToEnd {
    @Suite("Products and stores")
    struct Catalog {
        @Test("they are created, read, replaced and archived", arguments: ["products", "stores"], ["", "/api/v1"])
        func lifecycle(kind: String, prefix: String) async throws {
            let id = kind == "products" ? "product_id" : "store_id"
            try await LiveServer.with { server in
                let path = "\(prefix)/\(kind)"
                let created = try await server.post(path, #"{"name": "First"}"#, as: .manager)
                #expect(created.status == 201)
                #expect(created[id] == 1)
                #expect(created.header("location") == "/api/v1/\(kind)/1")
                let history = try #require(created.header("inventory-history"))
                #expect(created.header("etag") == "\"1-\(history)\"")
                #expect(created.header("inventory-position") == "1")

                let named = try await server.post("\(path)/", #"{"\#(id)": 70, "name": "Named"}"#)
                #expect(named[id] == 70)
                let again = try await server.post(path, #"{"\#(id)": 70, "name": "Again"}"#)
                #expect(again.status == 409)
                #expect(again.code == "already-exists")
                #expect(again.pointers == [.text("/\(id)")])

                let read = try await server.get("\(path)/1", as: .reader)
                #expect(read.text == created.text)
                let tag = try #require(read.header("etag"))
                #expect(tag == created.header("etag"))
                #expect(try await server.get("\(path)/1", headers: [("If-None-Match", tag)]).status == 304)

                let replaced = try await server.send(.PUT, "\(path)/1", #"{"name": "Second"}"#, as: .manager)
                #expect(replaced.status == 200)
                #expect(replaced["name"] == "Second")
                #expect(replaced.header("etag") == "\"3-\(history)\"")
                let list = try await server.get(path)
                #expect(list["items"]?.elements.map { $0["name"] } == ["Second", "Named"])
                #expect(list.header("etag") == "\"3-\(history)\"")

                let other = try await server.send(.PUT, "\(path)/1", #"{"\#(id)": 2, "name": "Second"}"#)
                #expect(other.pointers == [.text("/\(id)")])
                #expect(try await server.send(.DELETE, "\(path)/1/", as: .manager).status == 204)
                #expect(try await server.get("\(path)/1").status == 404)
                #expect(try await server.send(.DELETE, "\(path)/1").status == 404)
                #expect(try await server.send(.PUT, "\(path)/1", #"{"name": "Third"}"#).status == 404)
            }
        }

        @Test("a change is made only to the version that it names", arguments: ["products", "stores"])
        func versions(kind: String) async throws {
            try await LiveServer.with { server in
                let path = "/\(kind)/1"
                let created = try await server.post("/\(kind)", #"{"name": "First"}"#)
                let (first, history) = try (
                    #require(created.header("etag")), #require(created.header("inventory-history"))
                )
                for tag in ["\"2-\(history)\"", "W/\(first)", "1", "\"1\"", "\"01-\(history)\"", "\"1-other\""] {
                    let answer = try await server.send(
                        .PUT, path, #"{"name": "Lost"}"#, headers: [("If-Match", tag)])
                    #expect(answer.status == 412)
                    #expect(answer.code == "precondition-failed")
                    #expect(try await server.send(.DELETE, path, headers: [("If-Match", tag)]).status == 412)
                }
                // Who only wants to create it does not replace what is there.
                let notThere = [("If-None-Match", "*")]
                #expect(try await server.send(.PUT, path, #"{"name": "Lost"}"#, headers: notThere).status == 412)
                let replaced = try await server.send(
                    .PUT, path, #"{"name": "Second"}"#, headers: [("If-Match", "\"9-\(history)\", \(first)")])
                #expect(replaced.status == 200)
                #expect(try await server.send(.DELETE, path, headers: [("If-Match", first)]).status == 412)
                #expect(try await server.send(.DELETE, path, headers: [("If-Match", "*")]).status == 204)
            }
        }

        @Test("nothing that is in use is archived")
        func inUse() async throws {
            try await LiveServer.with { server in
                try await server.stocked(1)
                for path in ["/products/101", "/stores/1"] {
                    let answer = try await server.send(.DELETE, path)
                    #expect(answer.status == 409)
                    #expect(answer.code == "in-use")
                }
                let ofProduct = try await server.send(.DELETE, "/products/101")
                #expect(ofProduct["levels"]?.elements.map { $0["store_id"] } == [1])
                #expect(ofProduct["levels"]?.elements.map { $0["product_id"] } == [101])
                #expect(ofProduct["more"] == false)
                let ofStore = try await server.send(.DELETE, "/stores/1")
                #expect(ofStore["levels"]?.elements.map { $0["product_id"] } == [101, 102, 103, 104, 105])
                #expect(try await server.move(101, store: 1, 1, "sale").status == 201)
                #expect(try await server.send(.DELETE, "/products/101").status == 204)
                #expect(try await server.send(.DELETE, "/stores/2").status == 204)
            }
        }

        @Test("at most ten places where stock is are listed, and none for callers that are limited to some stores")
        func inUseElsewhere() async throws {
            try await LiveServer.with { server in
                try await server.stocked(0)
                for store in 3...14 {
                    #expect(try await server.post("/stores", #"{"store_id": \#(store), "name": "S"}"#).status == 201)
                    #expect(try await server.move(101, store: store, 1, "stock-in").status == 201)
                }
                let all = try await server.send(.DELETE, "/products/101")
                #expect(all["levels"]?.elements.map { $0["store_id"] } == [3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
                #expect(all["more"] == true)
                let key = try await server.key(.manager, stores: [1, 14])
                let limited = try await server.send(
                    .DELETE, "/products/101", as: nil, headers: [("Authorization", "Bearer \(key)")])
                #expect(limited.code == "forbidden" && limited["levels"] == nil)
            }
        }

        @Test("products are found by part of their name, by SKU and by category")
        func search() async throws {
            try await LiveServer.with { server in
                for body in [
                    #"{"name": "Sugar 1kg", "category": "Grocery", "sku": "SG-1"}"#,
                    #"{"name": "Brown sugar", "category": "Grocery"}"#, #"{"name": "Soap", "category": "Household"}"#,
                ] {
                    #expect(try await server.post("/products", body).status == 201)
                }
                func found(_ query: String) async throws -> [JSONValue?] {
                    try await server.get("/products?\(query)")["items"]?.elements.map { $0["product_id"] } ?? []
                }
                #expect(try await found("q=sugar") == [1, 2])
                #expect(try await found("q=Sugar+1") == [1])
                #expect(try await found("q=sg-1") == [1])
                #expect(try await found("category=Household") == [3])
                #expect(try await found("q=soap&category=Grocery") == [])
                let taken = try await server.post("/products", #"{"name": "X", "sku": "SG-1"}"#)
                #expect(taken.pointers == ["/sku"])
            }
        }
    }
}
