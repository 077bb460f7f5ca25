import HTTPTypes
import HummingbirdCore
import Inventory
import InventoryContract
import JSON
import NIOCore

extension InventoryAPI {
    func report(_ context: RequestContext) async throws -> Response {
        let parameters = context.parameters
        var query = ReportQuery(
            storeID: try parameters.id(.storeID), productID: try parameters.id(.productID),
            period: try parameters.period(),
            grouping: try parameters.choice(.groupBy, ReportQuery.Grouping.init(rawValue:)) ?? .product)
        let minimum = try parameters.minimum(in: query.storeID)
        var response: Response
        if context.format == .csv {
            // CSV is not paginated.
            try parameters.refuse(.page)
            let escaping = try parameters.choice(.escape, CSVEscaping.init(rawValue:)) ?? .formulas
            response = try await csv(query, Freshness(atLeast: minimum), escaping, ledger(for: context))
        } else {
            try parameters.refuse([.escape])
            query.after = try parameters.cursor()
            query.limit = try parameters.limit()
            let page = try await ledger(for: context).report(query, Freshness(atLeast: minimum))
            response = context.response(page: page) { json in
                json.openObject()
                json.page(page.value, cursor: parameters.cursor(after:)) { $0.value($1, query.grouping) }
                json.closeObject()
            }
        }
        response.headers[.vary] = "Accept"
        return response
    }

    /// Streams the whole report, a page at a time with backpressure.
    private func csv(
        _ query: ReportQuery, _ freshness: Freshness, _ escaping: CSVEscaping, _ ledger: any StockReading
    ) async throws -> Response {
        var query = query
        query.limit = limits.page
        // Until the head is sent, an error becomes a problem; after that, it closes the connection.
        let first = try await ledger.report(query, freshness)
        let body = ResponseBody { [query] writer in
            var page = first.value
            var bytes = ByteBuffer(string: ReportRow.csvHeader(query.grouping))
            while true {
                for row in page.items {
                    bytes.writeString(row.csv(query.grouping, isForSpreadsheets: escaping == .formulas))
                }
                try await writer.write(bytes)
                guard let next = page.next else { break }
                var following = query
                following.after = next
                page = try await ledger.report(following, freshness).value
                bytes.clear()
            }
            try await writer.finish(nil)
        }
        var response = Response(
            status: .ok,
            headers: [
                .contentType: "text/csv; charset=utf-8; header=present", .cacheControl: "no-store",
                .cacheStatus: first.source.cacheStatus(isProven: first.unproven == nil),
            ], body: body)
        response.add(first.unproven)
        return response
    }
}

/// What is escaped in CSV.
enum CSVEscaping: String, CaseIterable {
    /// What a spreadsheet would take for one.
    case formulas
    /// For programs: the texts as they are.
    case none
}
