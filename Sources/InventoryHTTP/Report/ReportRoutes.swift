import Access
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
            response = try await csv(query, Freshness(atLeast: minimum), escaping, context)
        } else {
            try parameters.refuse([.escape])
            query.after = try parameters.cursor()
            query.limit = try parameters.limit()
            let page = try await page(query, Freshness(atLeast: minimum), context)
            response = context.response(page: page) { json in
                json.openObject()
                json.page(page.value, cursor: parameters.cursor(after:)) { $0.value($1, query.grouping) }
                json.closeObject()
            }
        }
        response.headers[.vary] = "Accept"
        return response
    }

    /// Reads a page when its turn comes, and charges for the time that it takes.
    private func page(
        _ query: ReportQuery, _ freshness: Freshness, _ context: RequestContext
    ) async throws -> Snapshot<Page<ReportRow, ReportRow.Key>> {
        try await takingTurns(context) { try await ledger(for: context).report(query, freshness) }
    }

    /// For what reads whole ledgers: few run at a time, and each is charged for the time that it takes.
    /// - Parameter isNeeded: `false` just reads.
    func takingTurns<Value: Sendable>(
        _ context: RequestContext, if isNeeded: Bool = true, _ read: () async throws -> Value
    ) async throws -> Value {
        guard isNeeded else { return try await read() }
        return try await reports.run(for: context.principal.id) {
            // It may have waited for long.
            guard context.connection.channel?.isActive != false else {
                throw UnreadableRequest(cause: ChannelError.ioOnClosedChannel)
            }
            let start = ContinuousClock.now
            defer { charge(.now - start, to: context) }
            return try await read()
        }
    }

    /// Rows of a CSV that are read at a time. Each time, the database goes through the whole period, so it is as many as
    /// memory allows: their texts, of a hundred bytes or so, are held while the client takes them.
    private var csvRows: Int { min(50_000, limits.bodiesBytes / 1_024) }

    /// Streams the whole report with backpressure.
    private func csv(
        _ query: ReportQuery, _ freshness: Freshness, _ escaping: CSVEscaping, _ context: RequestContext
    ) async throws -> Response {
        var query = query
        query.limit = csvRows
        // Until the head is sent, an error becomes a problem; after that, it closes the connection.
        let first = try await page(query, freshness, context)
        // Only the text is kept while the client takes it.
        let hold = MemoryHold(context.memory, for: context.principal.id)
        let start = try text(of: first.value, query.grouping, escaping, in: hold, isFirst: true)
        let body = ResponseBody { [query, second = first.value.next] writer in
            try await writer.write(start)
            var next = second
            while let key = next {
                var following = query
                following.after = key
                let page = try await page(following, freshness, context).value
                next = page.next
                try await writer.write(text(of: page, query.grouping, escaping, in: hold))
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

    private func text(
        of page: Page<ReportRow, ReportRow.Key>, _ grouping: ReportQuery.Grouping, _ escaping: CSVEscaping,
        in hold: MemoryHold, isFirst: Bool = false
    ) throws(LedgerError) -> ByteBuffer {
        var bytes = ByteBuffer(string: isFirst ? ReportRow.csvHeader(grouping) : "")
        for row in page.items { bytes.writeString(row.csv(grouping, isForSpreadsheets: escaping == .formulas)) }
        guard hold.resize(to: bytes.capacity) else { throw .overloaded }
        return bytes
    }
}

/// What is escaped in CSV.
enum CSVEscaping: String, CaseIterable {
    /// What a spreadsheet would take for one.
    case formulas
    /// For programs: the texts as they are.
    case none
}
