import Access
import HTTPTypes
import Inventory
import InventoryContract
import JSON
import NIOCore
import RateLimiting
import Testing

@testable import InventoryHTTP

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Texts that a client may send are compared by bytes, and repeated only in part.
@Suite("Texts from outside")
struct OutsideTextTests {
    /// A letter with many accents, which `==` sorts: in quadratic time, because they are of two classes.
    private static func accented(_ count: Int) -> String { "a" + String(repeating: "\u{301}\u{316}", count: count / 2) }

    private static let long = accented(20_000)
    /// As long as a request's head may be.
    private static let short = accented(8_000)

    /// The processor's time that `work` takes, at best.
    private func cost(_ work: () throws -> Void) rethrows -> Double {
        var best = Double.infinity
        for _ in 1...3 {
            var (start, end) = (timespec(), timespec())
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start)
            try work()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end)
            best = min(best, Double(end.tv_sec - start.tv_sec) + Double(end.tv_nsec - start.tv_nsec) / 1e9)
        }
        return best
    }

    /// Whether `work` costs less than comparing the text once, as `==` does it.
    private func expectCheap(_ text: String, _ work: () throws -> Void) rethrows {
        let comparison = cost { #expect(text != "product_id") }
        let work = try cost(work)
        #expect(work < comparison, "\(work) s, and comparing takes \(comparison) s")
    }

    @Test("a field's name of many accents costs no more than a plain one, and is not repeated in full")
    func fieldName() throws {
        let value = JSONValue.object([JSONMember(name: Self.long, value: .integer(1))])
        expectCheap(Self.long) {
            let problem = problem {
                var fields = JSONFields(of: value, at: "")
                return try fields.reading { Movement(&$0, InputLimits()) }
            }
            #expect(problem?.items.count == 5)
            #expect(problem?.items.allSatisfy { $0.pointer.utf8.count < 250 } == true)
        }
    }

    @Test("so does a value")
    func value() {
        let value = JSONValue.object([JSONMember(name: "movement_type", value: .text(Self.long))])
        expectCheap(Self.long) {
            var fields = JSONFields(of: value, at: "")
            #expect(fields.choice("movement_type", of: movementKinds) == nil)
            #expect(fields.optionalText("movement_type", atMost: 200) == nil)
            #expect(fields.optionalTime("movement_type") == nil)
        }
    }

    @Test("a query's names and values, and a path, may be as long as a head, and are repeated in part")
    func target() throws {
        let router = Router([Route(.get, "/products", .reader, { _ in throw Problem.notFound }, statuses: [])])
        let path = try router.match(.get, "/products").path
        let short = Self.short
        for text in [short, "type=\(short)", "from=\(short)", "\(short)=1", "limit=\(short)"] {
            let problem = problem {
                let parameters = try Parameters(
                    of: "/report?\(text)", declared: QueryParameter.allCases, path: path, reader: "key:a",
                    headers: HTTPFields(), HTTPLimits())
                _ = try parameters.choice(.type, MovementType.init(choice:))
                _ = try parameters.limit()
                return try parameters.period()
            }
            #expect(problem?.code == .invalidParameter)
            #expect(problem?.parameter.map { $0.utf8.count < 250 } == true)
        }
        #expect(problem { try router.match(.get, "/\(short)") }?.code == .notFound)
    }

    @Test("so may headers", arguments: [accented(8_000), String(repeating: "a,", count: 8_000)])
    func headers(text: String) {
        let tag = EntityTag(Position(rawValue: 1), catalog: Position(rawValue: 1), in: History("h"))
        #expect(MediaType.preferred(of: [.json, .csv], by: text) == nil)
        #expect(!MediaType.isJSON(text))
        #expect(VersionCondition(ifMatch: text) == .oneOf([]))
        #expect(unquotedKey(in: text) == nil)
        #expect(!tag.isNamed(by: text))
        #expect(!APIKey.isID(text) && APIKey("khata_\(text)") == nil)
    }

    @Test("an accent behind a slash does not hide it")
    func pointer() {
        let value = JSONValue.object([JSONMember(name: "a/\u{301}b~\u{301}", value: .null)])
        var fields = JSONFields(of: value, at: "")
        #expect(problem { try fields.reading { _ in 1 } }?.items.map(\.pointer) == ["/a~1\u{301}b~0\u{301}"])
    }

    @Test("nor does one behind a quotation mark, in CSV")
    func quotation() {
        let row = ReportRow(
            key: .init(productID: ProductID(rawValue: 1), group: 0), name: "a\"\u{301},b", opening: 0, stockIn: 0,
            sold: 0, removed: 0, transferredIn: 0, transferredOut: 0)
        #expect(row.csv(.product, isForSpreadsheets: false).hasPrefix("1,\"a\"\"\u{301},b\",0,"))
    }

    @Test("a body of more values than any body of the contract has is refused, however short they are")
    func values() throws {
        func parse(_ count: Int) throws -> JSONFields {
            try JSONBody(bytes: ByteBuffer(string: "[" + String(repeating: "0,", count: count) + "0]")).fields()
        }
        _ = try parse(200_000)
        #expect(problem { try parse(250_000) }?.code == .malformedJSON)
    }
}
