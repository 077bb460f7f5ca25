import Inventory
import ServerTesting
import Testing

@testable import RemoteLedger

@Suite("Lists of a server")
struct ListTests {
    /// Products 10, 20, … 2,500 in pages, with a cursor that says where the next one begins.
    private static func page(_ request: ScriptedServer.Request) -> ScriptedServer.Reply {
        let query = request.target.split(separator: "?").last?.split(separator: "&") ?? []
        func value(_ name: String) -> Int? {
            query.first { $0.hasPrefix("\(name)=") }.flatMap { Int($0.dropFirst(name.count + 1)) }
        }
        let start = value("cursor") ?? 1
        let end = min(250, start - 1 + (value("limit") ?? 100))
        let items = (start...max(start, end)).prefix(max(0, end - start + 1)).map {
            #"{"product_id":\#($0 * 10),"sku":null,"name":"P","category":null,"unit":null}"#
        }
        return .answer(
            200, headers: [("Inventory-Position", "7"), ("ETag", "\"7-h\"")],
            #"{"items":[\#(items.joined(separator: ","))],"next_cursor":\#(end < 250 ? "\"\(end + 1)\"" : "null")}"#)
    }

    private func with(_ body: (RemoteLedger, ScriptedServer) async throws -> Void) async throws {
        try await ScriptedServer.with { _, request in
            Self.page(request)
        } _: { server, url in
            try await RemoteLedger.with(ServerAddress(url)!, key: "k", observer: Unobserved()) { ledger in
                try await body(ledger, server)
            }
        }
    }

    @Test("pages follow one another by the cursors that came with them")
    func pages() async throws {
        try await with { ledger, server in
            var query = ProductQuery(limit: 100)
            var found: [Int64] = []
            repeat {
                let page = try await ledger.products(query, Freshness()).value
                found += page.items.map(\.id.rawValue)
                query.after = page.next
            } while query.after != nil
            #expect(found == (1...250).map { $0 * 10 })
            #expect(server.requests.count == 3, "no page was read twice")
        }
    }

    @Test(
        "a list goes on after any key, whether a page ended there or not",
        arguments: [(0, 10), (5, 10), (10, 20), (15, 20), (990, 1_000), (2_490, 2_500)])
    func anywhere(after: Int64, first: Int64) async throws {
        try await with { ledger, _ in
            let page = try await ledger.products(
                ProductQuery(after: ProductID(rawValue: after), limit: 1), Freshness()
            ).value
            #expect(page.items.map(\.id.rawValue) == [first])
            #expect(page.next == (first == 2_500 ? nil : ProductID(rawValue: first)))
        }
    }

    @Test("what is looked for further on is looked for from the last page that is known")
    func onwards() async throws {
        try await with { ledger, server in
            let first = try await ledger.products(ProductQuery(limit: 200), Freshness()).value
            #expect(first.next == ProductID(rawValue: 2_000))
            let page = try await ledger.products(
                ProductQuery(after: ProductID(rawValue: 2_400), limit: 1), Freshness()
            ).value
            #expect(page.items.map(\.id.rawValue) == [2_410])
            #expect(server.requests.dropFirst().allSatisfy { $0.target.contains("cursor=2") })
        }
    }

    @Test("after the last key there is nothing", arguments: [2_500, 9_999] as [Int64])
    func end(after: Int64) async throws {
        try await with { ledger, _ in
            let page = try await ledger.products(ProductQuery(after: ProductID(rawValue: after)), Freshness())
            #expect(page.value.items.isEmpty && page.value.next == nil)
            #expect(page.position == Position(rawValue: 7) && page.catalogPosition == Position(rawValue: 7))
        }
    }

    @Test("what is asked for arrives whole")
    func encoding() async throws {
        try await with { ledger, server in
            _ = try await ledger.products(ProductQuery(search: "چ&=+ %", category: nil), Freshness())
            #expect(server.requests.map(\.target) == ["/api/v1/products?q=%DA%86%26%3D%2B%20%25&limit=100"])
        }
    }

    @Test("cursors are forgotten beyond a limit, never mixed up")
    func cursors() {
        let cursors = Cursors()
        cursors.remember("a", after: Place(1), in: "/products")
        #expect(cursors.cursor(after: Place(1), in: "/products") == "a")
        #expect(cursors.cursor(after: Place(1), in: "/products?q=x") == nil)
        #expect(cursors.cursor(after: Place(1, 1), in: "/products") == nil)
        for index in 2...10_001 { cursors.remember("b", after: Place(Int64(index)), in: "/products") }
        #expect(cursors.cursor(after: Place(1), in: "/products") == nil)
        #expect(cursors.cursor(after: Place(10_001), in: "/products") == "b")
    }

    @Test(
        "addresses of servers",
        arguments: [
            ("https://khata.example", true), ("http://10.0.0.2:8080/", true), ("http://[::1]:8080/shop", true),
            ("khata.example", false), ("ftp://a", false), ("http://", false), ("http://u:p@a", false),
            ("http://a?b=c", false), ("", false),
        ])
    func addresses(text: String, isValid: Bool) {
        #expect((ServerAddress(text) != nil) == isValid)
        if isValid { #expect(ServerAddress(text)?.base.hasSuffix("/") == false) }
    }
}
