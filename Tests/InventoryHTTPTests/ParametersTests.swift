import Access
import HTTPTypes
import HummingbirdCore
import Inventory
import InventoryContract
import NIOCore
import StockCache
import Testing

@testable import InventoryHTTP

@Suite("Query parameters and cursors")
struct ParametersTests {
    @Test("they are decoded as forms are")
    func decoding() throws {
        let parameters = try parameters("q=Sugar+1kg%2B%20%DA%A9&category=a%26b%3Dc")
        #expect(try parameters.text(.search) == "Sugar 1kg+ ک")
        #expect(try parameters.text(.category) == "a&b=c")
    }

    @Test("without a query there is nothing, and nothing to refuse")
    func none() throws {
        for target in ["/products", "/products?"] {
            let parameters = try Parameters(
                of: target, declared: QueryParameter.allCases, path: path, reader: "key:a", headers: HTTPFields(),
                HTTPLimits())
            #expect(try parameters.text(.search) == nil)
            #expect(try parameters.limit() == 100)
        }
    }

    @Test(
        "what cannot be read names its parameter",
        arguments: [
            ("limit=0", "limit"), ("limit=1001", "limit"), ("limit=ten", "limit"), ("limit=+5", "limit"),
            ("limit=05", "limit"), ("limit=", "limit"), ("limit", "limit"), ("limit=5&limit=5", "limit"),
            ("store_id=0", "store_id"), ("store_id=9007199254740992", "store_id"), ("store_id=1.5", "store_id"),
            ("from=yesterday", "from"), ("to=2026-11-20", "to"), ("q=%00", "q"), ("q=", "q"), ("q=%", "q"),
            ("q=%4", "q"), ("q=%zz", "q"), ("q=%FF", "q"), ("type=Sale", "type"), ("min_position=-1", "min_position"),
            ("colour=red", "colour"), ("LIMIT=5", "LIMIT"),
        ])
    func invalid(query: String, name: String) {
        let problem = problem {
            let parameters = try parameters(query)
            _ = try parameters.limit()
            _ = try parameters.id(.storeID) as StoreID?
            _ = try parameters.period()
            _ = try parameters.text(.search)
            _ = try parameters.choice(.type, MovementType.init(choice:))
            _ = try parameters.minimum()
        }
        #expect(problem?.code == .invalidParameter)
        #expect(problem?.parameter == name)
    }

    @Test("what the route does not declare is refused, or ignored where it takes any query")
    func undeclared() throws {
        #expect(problem { try parameters("limit=5", declared: [.cursor]) }?.parameter == "limit")
        _ = try parameters("verbose&limit=x", declared: nil)
    }

    @Test("the plus of an offset need not be encoded")
    func offset() throws {
        for text in ["2026-11-20T05:00:00+05:00", "2026-11-20T05:00:00%2B05:00", "2026-11-20T00:00:00Z"] {
            let parameters = try parameters("from=\(text)")
            #expect(try parameters.period().from == Timestamp("2026-11-20T00:00:00Z"))
        }
    }

    @Test("a query of very many parameters is refused at once")
    func many() {
        let query = (0..<5_000).map { "p\($0)=1" }.joined(separator: "&")
        #expect(problem { try parameters(query) }?.code == .invalidParameter)
    }

    @Test("the least position may come as parameter, as header, or as both alike")
    func minPosition() throws {
        func minimum(_ query: String, _ header: String?, history: String? = nil) throws -> LedgerPoint? {
            let parameters = try parameters(query, minimum: header, history: history)
            return try parameters.minimum()
        }
        let point = LedgerPoint(Position(rawValue: 42))
        #expect(try minimum("", nil) == nil)
        #expect(try minimum("", nil, history: "h") == nil)
        #expect(try minimum("min_position=42", nil) == point)
        #expect(try minimum("", "42") == point)
        #expect(try minimum("min_position=42", "42") == point)
        #expect(try minimum("", "42", history: "h") == LedgerPoint(point.position, in: History("h")))
        #expect(problem { try minimum("min_position=42", "43") }?.code == .invalidParameter)
        #expect(problem { try minimum("", "new") }?.code == .invalidParameter)
    }

    @Test("a list of many stores has no position to wait for")
    func minPositionOfManyStores() throws {
        let parameters = try parameters("min_position=42")
        #expect(problem { try parameters.minimum(in: nil) }?.parameter == "min_position")
        #expect(try parameters.minimum(in: StoreID(rawValue: 1))?.position == Position(rawValue: 42))
    }

    @Test("a cursor carries its key from one page to the next, whatever the limit")
    func cursor() throws {
        let key = EntryKey(storeID: StoreID(rawValue: 7), position: Position(rawValue: maximumJSONInteger))
        let text = try parameters("store_id=7&limit=10").cursor(after: key)
        #expect(text.wholeMatch(of: /[0-9A-Za-z_-]{32}/) != nil)
        let next = try parameters("cursor=\(text)&limit=20&store_id=7&min_position=3")
        #expect(try next.cursor() == key)
    }

    @Test("a page that nobody asked to be of a size is no larger than one may be")
    func defaultPage() throws {
        var limits = HTTPLimits()
        limits.page = 50
        for (query, limit) in [("", 50), ("limit=20", 20)] {
            let parameters = try Parameters(
                of: "/products?\(query)", declared: .page, path: path, reader: "key:a", headers: HTTPFields(), limits)
            #expect(try parameters.limit() == limit)
        }
    }

    @Test("a cursor of another list is refused")
    func otherList() throws {
        let text = try parameters("store_id=7&type=sale").cursor(after: ProductID(rawValue: 5))
        for query in ["store_id=7", "store_id=8&type=sale", "type=sale", "store_id=7&type=sale&q=a"] {
            let other = try parameters("\(query)&cursor=\(text)")
            #expect(problem { try other.cursor() as ProductID? }?.code == .invalidCursor, "\(query)")
        }
        let otherPath = try Parameters(
            of: "/stores?store_id=7&type=sale&cursor=\(text)", declared: QueryParameter.allCases,
            path: match("/stores"), reader: "key:a", headers: HTTPFields(), HTTPLimits())
        #expect(problem { try otherPath.cursor() as ProductID? }?.code == .invalidCursor)
        let otherReader = try Parameters(
            of: "/products?store_id=7&type=sale&cursor=\(text)", declared: QueryParameter.allCases,
            path: path, reader: "key:b", headers: HTTPFields(), HTTPLimits())
        #expect(problem { try otherReader.cursor() as ProductID? }?.code == .invalidCursor)
        let same = try parameters("type=sale&store_id=7&cursor=\(text)")
        #expect(try same.cursor() == ProductID(rawValue: 5))
    }

    @Test("a damaged cursor is refused, wherever the damage is")
    func damagedCursor() throws {
        let text = Array(try parameters("").cursor(after: ProductID(rawValue: 5)))
        for index in text.indices {
            var damaged = text
            damaged[index] = text[index] == "A" ? "B" : "A"
            let parameters = try parameters("cursor=\(String(damaged))")
            #expect(problem { try parameters.cursor() as ProductID? }?.code == .invalidCursor, "\(index)")
        }
        for text in ["", "x", String(text.dropLast()), String(text) + "A", String(repeating: "ä", count: 32)] {
            let parameters = try parameters("cursor=\(text)")
            #expect(problem { try parameters.cursor() as ProductID? }?.code == .invalidCursor)
        }
    }

    private var path: RoutePath { get throws { try match("/products") } }

    private func match(_ path: Substring) throws -> RoutePath {
        try Router([route("/products"), route("/stores")]).match(.get, path).path
    }

    private func route(_ path: String) -> Route {
        Route(.get, path, .reader, { _ in Response(status: .ok) }, statuses: [.ok])
    }

    @Test("a page from the cache that is too short for its cursor is given as it is")
    func shortPage() async throws {
        let request = Request(
            head: HTTPRequest(method: .get, scheme: "http", authority: "a", path: "/products"),
            body: RequestBody(buffer: ByteBuffer()))
        let context = RequestContext(
            route: route("/products"), request: request, requestID: "r",
            principal: Principal(id: "key:a", role: .reader), path: try path, format: .json,
            parameters: try parameters(""), limits: HTTPLimits(), memory: MemoryBudget(bytes: 1 << 20))
        let document = Document(
            stamp: Stamp(history: History("h"), position: .zero, catalogPosition: .zero),
            body: ByteBuffer(string: "{}"), next: 5, source: nil)
        let response = context.response((document, .hit))
        #expect(response.headers[.contentLength] == "2")
    }

    private func parameters(
        _ query: String, declared: [QueryParameter]? = QueryParameter.allCases, minimum: String? = nil,
        history: String? = nil
    ) throws -> Parameters {
        var headers = HTTPFields()
        headers[.inventoryMinPosition] = minimum
        headers[.inventoryHistory] = history
        return try Parameters(
            of: "/products?\(query)", declared: declared, path: path, reader: "key:a", headers: headers, HTTPLimits())
    }
}
