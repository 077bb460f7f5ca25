import Access
import HTTPTypes
import HummingbirdCore
import Inventory
import InventoryContract
import Testing

@testable import InventoryHTTP

@Suite("Router")
struct RouterTests {
    private let router = Router([
        Route(.get, "/stores", .reader, { _ in Response(status: .ok) }, statuses: [.ok]),
        Route(.post, "/stores", .manager, { _ in Response(status: .ok) }, statuses: [.ok]),
        Route(.get, "/stores/{store_id}/stock/{product_id}", .reader, { _ in Response(status: .ok) }, statuses: [.ok]),
        Route(.post, "/stock/move", .clerk, { _ in Response(status: .ok) }, statuses: [.ok]),
        Route(.get, "/stock/{product}", .reader, { _ in Response(status: .ok) }, statuses: [.ok]),
    ])

    @Test(
        "a path is the same below the root and below /api/v1, with and without a slash at its end",
        arguments: ["/stores", "/stores/", "/api/v1/stores", "/api/v1/stores/"])
    func prefixes(path: String) throws {
        let match = try router.match(.get, path[...])
        #expect(match.route.path == "/stores")
        #expect(match.path.normalised == "/stores")
    }

    @Test("ids are taken from the path")
    func ids() throws {
        let match = try router.match(.get, "/api/v1/stores/7/stock/9007199254740991")
        #expect(match.path.storeID == StoreID(rawValue: 7))
        #expect(match.path.productID == ProductID(rawValue: 9_007_199_254_740_991))
    }

    @Test(
        "a product's name is percent-decoded after the path is split, and a plus is a plus",
        arguments: [
            ("/stock/Sugar%201kg", "Sugar 1kg"), ("/api/v1/stock/a%2Fb%3F/", "a/b?"), ("/stock/7+Up", "7+Up"),
            ("/stock/%DA%86%DB%8C%D9%86%DB%8C", "چینی"), ("/stock/\u{1F36C}", "\u{1F36C}"), ("/stock/move", "move"),
        ])
    func names(path: String, name: String) throws {
        #expect(try router.match(.get, path[...]).path.productName == name)
    }

    @Test("a name that is a route is both, each with its methods")
    func nameOfRoute() throws {
        #expect(try router.match(.post, "/stock/move").route.role == .clerk)
        let wrongMethod = problem { try router.match(.put, "/stock/move") }
        #expect(wrongMethod?.code == .methodNotAllowed)
        #expect(wrongMethod?.headers[.allow] == "POST, GET, HEAD")
        #expect(problem { try router.match(.post, "/stock/tea") }?.headers[.allow] == "GET, HEAD")
    }

    @Test(
        "other paths are not found",
        arguments: [
            "", "/", "//", "stores", "//stores", "/stores//", "/api/v1", "/api/v2/stores", "/api/stores", "/Stores",
            "/stores/1", "/stores/a/stock/1", "/stores/-1/stock/1", "/stores/01/stock/1", "/stores/+1/stock/1",
            "/stock/%", "/stock/%2", "/stock/%GG", "/stock/%FF",
            "/stock", "/stock/", "/stock/a/b", "/stores/1/stock/9007199254740992", "/stores/1/stock/1/1",
            "/api/v1/api/v1/stores",
        ])
    func unknown(path: String) {
        #expect(problem { try router.match(.get, path[...]) }?.code == .notFound)
    }

    @Test(
        "another method is refused with those that there are",
        arguments: [.put, .delete, .options, .trace] as [HTTPRequest.Method])
    func method(method: HTTPRequest.Method) {
        let problem = problem { try router.match(method, "/stores") }
        #expect(problem?.code == .methodNotAllowed)
        #expect(problem?.headers[.allow] == "GET, POST, HEAD")
    }

    @Test("HEAD goes where GET goes, and only there")
    func head() throws {
        #expect(try router.match(.head, "/stores").route.method == .get)
        let postOnly = Router([Route(.post, "/stores", .manager, { _ in Response(status: .ok) }, statuses: [.ok])])
        #expect(problem { try postOnly.match(.head, "/stores") }?.headers[.allow] == "POST")
    }
}
