import Access
import Inventory
import JSON
import LedgerTesting
import NIOHTTP1
import Testing

@testable import InventoryHTTP

extension EndToEnd {
    @Suite("Reading")
    struct Reading {
        @Test("a store's stock")
        func stock() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                let answer = try await server.get("/api/v1/stores/1/stock", as: .reader)
                for path in ["/stores/1/stock", "/stores/1/stock/", "/inventory/1", "/api/v1/inventory/1/"] {
                    #expect(try await server.get(path).text == answer.text)
                }
                #expect(answer.status == 200)
                #expect(answer.json.names == ["store_id", "position", "items", "next_cursor"])
                #expect(answer["store_id"] == 1)
                #expect(answer["position"] == 5)
                #expect(answer["next_cursor"] == .null)
                #expect(answer["items"]?.elements.map { $0["product_id"] } == [101, 102, 103, 104, 105])
                #expect(
                    answer["items"]?[0]?.names
                        == ["product_id", "name", "category", "unit", "on_hand", "updated_at"])
                #expect(answer.header("inventory-position") == "5")
                #expect(answer.header("cache-control") == "private, no-cache")
                #expect(answer.header("cache-status") == "khata; fwd=bypass; detail=primary")
                #expect(answer.header("content-length") == "\(answer.text.utf8.count)")
                #expect(answer.header("date")?.hasSuffix(" GMT") == true)
            }
        }

        @Test("stock by category, below a level, and as of a time")
        func filters() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                let before = try await server.move(101, store: 1, 15, "sale")["recorded_at"]?.string ?? ""
                #expect(try await server.move(101, store: 1, 1, "sale").status == 201)
                func levels(_ query: String) async throws -> [JSONValue?] {
                    try await server.get("/stores/1/stock?\(query)")["items"]?.elements.map { $0["on_hand"] } ?? []
                }
                #expect(try await levels("below=10") == [4])
                #expect(try await levels("category=Grocery&limit=2") == [4, 20])
                #expect(try await levels("category=None") == [])
                #expect(try await levels("below=10&as_of=\(before)") == [5])
            }
        }

        /// "é" is one letter or two.
        @Test("who asks for a category gets it, whoever asked before for one that looks the same")
        func composed() async throws {
            try await LiveServer.withCache { server in
                try await server.stocked(0)
                for (product, category) in [(201, "Caf\u{E9}"), (202, "Cafe\u{301}")] {
                    let body = #"{"product_id": \#(product), "name": "P", "category": "\#(category)"}"#
                    #expect(try await server.post("/products", body).status == 201)
                }
                #expect(try await server.move(201, store: 1, 1, "IN").status == 201)
                for path in ["/stores/1/stock", "/products"] {
                    for _ in 0..<3 {
                        let decomposed = try await server.get("\(path)?category=Cafe%CC%81")
                        let composed = try await server.get("\(path)?category=Caf%C3%A9")
                        #expect(
                            decomposed["items"]?.elements.map { $0["product_id"] }
                                == (path == "/products" ? [202] : []))
                        #expect(composed["items"]?.elements.map { $0["product_id"] } == [201])
                    }
                }
            }
        }

        @Test("one level, 0 for a product that the store never had")
        func level() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                let answer = try await server.get("/stores/1/stock/101/", as: .reader)
                #expect(
                    answer.json.names == [
                        "store_id", "position", "product_id", "name", "category", "unit", "on_hand", "updated_at",
                    ])
                #expect(answer["on_hand"] == 20)
                let none = try await server.get("/stores/2/stock/101")
                #expect(none["on_hand"] == 0)
                #expect(none["updated_at"] == .null)
                #expect(try await server.get("/stores/1/stock/999").code == "not-found")
                #expect(try await server.get("/stores/9/stock/101").code == "not-found")
                #expect(try await server.get("/stores/9/stock").code == "not-found")
            }
        }

        @Test("a list comes page by page, each item once")
        func pages() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                for path in [
                    "/stores/1/stock?category=Grocery", "/inventory/1?below=100", "/products?", "/stores?",
                    "/stock-movements?", "/stock-movements?store_id=1&type=stock-in", "/audit?", "/audit/1?",
                    "/audit/0?",
                    "/report?group_by=store", "/report?store_id=1&group_by=day",
                ] {
                    let whole = try await server.get(path)["items"]?.elements ?? []
                    #expect(whole.count >= 2)
                    var pages: [JSONValue] = []
                    var cursor = ""
                    repeat {
                        let page = try await server.get("\(path)&limit=2\(cursor)")
                        let items = page["items"]?.elements ?? []
                        #expect((1...2).contains(items.count), "\(path) \(page.text)")
                        pages += items
                        cursor = page["next_cursor"]?.string.map { "&cursor=\($0)" } ?? ""
                    } while !cursor.isEmpty && pages.count < 100
                    #expect(pages == whole, "\(path)")
                }
            }
        }

        @Test("a cursor of another list is refused")
        func foreignCursor() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                let cursor = try await server.get("/products?limit=2")["next_cursor"]?.string ?? ""
                for path in ["/products?q=a&cursor=\(cursor)", "/stores?cursor=\(cursor)", "/products?cursor=x"] {
                    let answer = try await server.get(path)
                    #expect(answer.status == 400)
                    #expect(answer.code == "invalid-cursor")
                }
                #expect(try await server.get("/products?limit=3&cursor=\(cursor)").status == 200)
            }
        }

        @Test("who has an answer already is told so, until it changes")
        func conditional() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                let paths = [
                    "/stores/1/stock", "/stores/1/stock/101", "/stock-movements?store_id=1", "/audit/1",
                    "/report?store_id=1",
                ]
                let tag = try #require(try await server.get(paths[0]).header("etag"))
                #expect(tag.wholeMatch(of: /"5\.\d+-[0-9a-f]{12}"/) != nil)
                for path in paths {
                    for header in [tag, "W/\(tag)", "\"x\", \(tag)", "*"] {
                        let same = try await server.get(path, headers: [("If-None-Match", header)])
                        #expect(same.status == 304)
                        #expect(same.header("content-length") == nil)
                        #expect(same.text.isEmpty)
                        #expect(same.header("etag") == tag)
                        #expect(same.header("inventory-position") == "5")
                    }
                }
                #expect(try await server.move(101, store: 1, 1, "sale").status == 201)
                for path in paths {
                    let changed = try await server.get(path, headers: [("If-None-Match", tag)])
                    #expect(changed.status == 200)
                    #expect(changed.header("etag") != tag)
                }
            }
        }

        @Test("a list of several stores has no tag and no position")
        func manyStores() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                for path in ["/stock-movements", "/audit", "/report"] {
                    let answer = try await server.get(path)
                    #expect(answer.status == 200)
                    #expect(answer.header("etag") == nil)
                    #expect(answer.header("inventory-position") == nil)
                    #expect(answer.header("cache-control") == "no-store")
                    #expect(try await server.get("\(path)?min_position=1").code == "invalid-parameter")
                }
            }
        }

        @Test("a read is as new as it is asked to be, or says that it cannot be")
        func minPosition() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                for path in ["/stores/1/stock", "/stores/1/stock/101", "/stock-movements?store_id=1", "/products"] {
                    let glue = path.contains("?") ? "&" : "?"
                    #expect(try await server.get("\(path)\(glue)min_position=5").status == 200)
                    #expect(try await server.get(path, headers: [("Inventory-Min-Position", "5")]).status == 200)
                    let tooNew = try await server.get("\(path)\(glue)min_position=1000")
                    #expect(tooNew.status == 503)
                    #expect(tooNew.code == "position-unavailable")
                    #expect(tooNew.header("retry-after") != nil)
                    let torn = try await server.get(
                        "\(path)\(glue)min_position=4", headers: [("Inventory-Min-Position", "5")])
                    #expect(torn.code == "invalid-parameter")
                }
            }
        }

        @Test("the ledger tells every movement, filtered as asked")
        func ledger() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                let body = #"{"product_id": 101, "from_store_id": 1, "to_store_id": 2, "quantity": 2, "note": "van"}"#
                #expect(try await server.post("/stock-transfers", body).status == 201)
                let out = try await server.get("/stock-movements?type=transfer-out&product_id=101", as: .reader)
                let entry = out["items"]?[0]
                #expect(
                    entry?.names == [
                        "store_id", "position", "product_id", "movement_type", "quantity", "on_hand", "transfer_id",
                        "reference", "note", "occurred_at", "recorded_at",
                    ])
                #expect(entry?["note"] == "van")
                #expect(entry?["on_hand"] == 18)
                #expect(out["items"]?.elements.count == 1)
                #expect(try await server.get("/stock-movements?type=IN")["items"]?.elements.count == 5)
                let time = entry?["recorded_at"]?.string ?? ""
                #expect(try await server.get("/stock-movements?store_id=1&from=\(time)")["items"]?.elements.count == 1)
                #expect(try await server.get("/stock-movements?store_id=1&to=\(time)")["items"]?.elements.count == 5)
            }
        }

        @Test("names that a spreadsheet takes for formulas are escaped in CSV, unless a program asks for raw ones")
        func formulas() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                let name = "=HYPERLINK(1)"
                #expect(try await server.send(.PUT, "/products/101", #"{"name": "\#(name)"}"#).status == 200)
                func row(_ query: String) async throws -> Substring? {
                    let csv = try await server.get("/report?product_id=101\(query)", headers: [("Accept", "text/csv")])
                    return csv.text.split(separator: "\r\n").last
                }
                #expect(try await row("") == "101,'\(name),0,20,0,0,0,0,20")
                #expect(try await row("&escape=formulas") == "101,'\(name),0,20,0,0,0,0,20")
                #expect(try await row("&escape=none") == "101,\(name),0,20,0,0,0,0,20")
                #expect(try await server.get("/report?escape=none").code == "invalid-parameter")
            }
        }

        @Test("a report adds up, as JSON and as CSV of any length")
        func report() async throws {
            var limits = HTTPLimits()
            limits.page = 2
            try await LiveServer.with(limits: limits) { server in
                try await server.stocked()
                #expect(try await server.move(101, store: 1, 3, "sale").status == 201)
                let row = try await server.get("/report?store_id=1&product_id=101", as: .reader)["items"]?[0]
                #expect(
                    row?.names == [
                        "product_id", "name", "opening", "stock_in", "sold", "removed", "transferred_in",
                        "transferred_out", "closing",
                    ])
                #expect(row?["stock_in"] == 20)
                #expect(row?["sold"] == 3)
                #expect(row?["closing"] == 17)

                let csv = try await server.get("/report?store_id=1", headers: [("Accept", "text/csv")])
                #expect(csv.status == 200)
                #expect(csv.header("content-type") == "text/csv; charset=utf-8; header=present")
                #expect(csv.header("etag") == nil)
                #expect(csv.header("vary") == "Accept")
                let lines = csv.text.split(separator: "\r\n")
                #expect(lines.count == 6)
                #expect(lines[1] == "101,Product 101,0,20,3,0,0,0,17")
                #expect(lines[5].hasPrefix("105,"))
                let head = try await server.send(.HEAD, "/report", headers: [("Accept", "text/csv")])
                #expect(head.status == 200)
                #expect(try await server.get("/livez").status == 200)
            }
        }

        @Test("a report in CSV that is read in parts is whole, and one that has no room in memory is refused")
        func reportParts() async throws {
            var limits = HTTPLimits()
            limits.bodiesBytes = 4_096
            try await LiveServer.with(limits: limits) { server in
                try await server.stocked()
                let csv = try await server.get("/report", headers: [("Accept", "text/csv")])
                let rows = csv.text.split(separator: "\r\n").dropFirst()
                #expect(rows.map { $0.prefix(3) } == ["101", "102", "103", "104", "105"])
                try await server.database.execute("update products set name = repeat('n', 600) || product_id")
                #expect(try await server.get("/report", headers: [("Accept", "text/csv")]).code == "overloaded")
            }
        }

        @Test("the audit log tells who did what")
        func audit() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                let sale = try await server.move(101, store: 1, 3, "sale", headers: [("X-Request-Id", "till-7")])
                #expect(sale.header("x-request-id") == "till-7")
                let entry = try await server.get("/audit/1?action=sale", as: .manager)["items"]?[0]
                #expect(
                    entry?.names == [
                        "store_id", "position", "recorded_at", "actor", "action", "request_id", "detail", "hash",
                    ])
                #expect(entry?["request_id"] == "till-7")
                #expect(entry?["actor"]?.string?.hasPrefix("key:") == true)
                #expect(entry?["detail"]?["quantity"] == 3)
                #expect(entry?["hash"]?.string?.count == 64)
                #expect(try await server.get("/audit/0?action=product-created")["items"]?.elements.count == 5)
                #expect(try await server.get("/audit?actor=nobody")["items"] == .array([]))
            }
        }

        @Test("HEAD is GET without the body")
        func head() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                let get = try await server.get("/stores/1/stock")
                let head = try await server.send(.HEAD, "/stores/1/stock")
                #expect(head.status == 200)
                #expect(head.text.isEmpty)
                for name in ["content-length", "content-type", "etag", "inventory-position"] {
                    #expect(head.header(name) == get.header(name))
                }
            }
        }
    }
}
