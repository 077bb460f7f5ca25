import Access
import Inventory
import LedgerTesting

/// What a ledger answers to every kind of question, with the positions that it answers at, for comparing ledgers.
struct EveryRead: Equatable {
    private(set) var answers: [String] = []
    private(set) var keys: [APIKeyRecord] = []
    private(set) var users: [UserRecord] = []

    private static let moments = [3, 17, 31, 35].map { Timestamp(microseconds: Int64($0) * 86_400_000_000) }

    init(_ ledger: any StockReading & CredentialStoring) async throws {
        for store in TestFile.stores { try await readStock(ledger, of: store) }
        try await readCatalog(ledger)
        try await readHistory(ledger)
        try await readReports(ledger)
        keys = try await ledger.apiKeys(after: nil, limit: 100).items
        users = try await ledger.users(after: nil, limit: 100).items
    }

    private mutating func readStock(_ ledger: any StockReading, of store: StoreID) async throws {
        for query in [
            StockQuery(storeID: store), StockQuery(storeID: store, after: TestFile.sugar),
            StockQuery(storeID: store, limit: 1, category: "Grocery"), StockQuery(storeID: store, below: 20),
        ] + Self.moments.map({ StockQuery(storeID: store, asOf: $0) }) {
            await note { try await ledger.stock(query, Freshness()) }
        }
        for product in [TestFile.sugar, TestFile.rice, TestFile.tea, ProductID(rawValue: 1)] {
            await note { try await ledger.level(LevelKey(store, product), Freshness()) }
        }
    }

    private mutating func readCatalog(_ ledger: any StockReading) async throws {
        for query in [ProductQuery(), ProductQuery(search: "چا"), ProductQuery(limit: 1, category: "Grocery")] {
            await note { try await ledger.products(query, Freshness()) }
        }
        for name in ["SUGAR 1KG", "Rice 5kg", "چائے"] {
            await note { try await ledger.products(named: name, Freshness()) }
        }
        for product in [TestFile.sugar, TestFile.rice] {
            await note { try await ledger.product(product, Freshness()) }
        }
        await note { try await ledger.stores(StoreQuery(), Freshness()) }
        for store in TestFile.stores { await note { try await ledger.store(store, Freshness()) } }
    }

    private mutating func readHistory(_ ledger: any StockReading) async throws {
        let period = Period(from: Self.moments[1], to: Self.moments[2])
        for store in [StoreID?.none] + TestFile.stores {
            for query in [
                EntryQuery(storeID: store, limit: 1_000), EntryQuery(storeID: store, productID: TestFile.tea, limit: 5),
                EntryQuery(storeID: store, type: .transferIn), EntryQuery(storeID: store, period: period),
            ] {
                await note { try await ledger.entries(query, Freshness()) }
            }
            for query in [
                AuditQuery(storeID: store, limit: 1_000), AuditQuery(storeID: store, actor: "nobody"),
                AuditQuery(storeID: store, action: .sale, period: period),
            ] {
                await note { try await ledger.audit(query, Freshness()) }
            }
        }
        for store in [StoreID.catalog] + TestFile.stores {
            answers.append("\(try await AuditVerification(ledger: ledger).verify(store))")
        }
    }

    private mutating func readReports(_ ledger: any StockReading) async throws {
        for grouping in ReportQuery.Grouping.allCases {
            for period in [Period(), Period(from: Self.moments[1]), Period(from: Self.moments[0], to: Self.moments[2])]
            {
                await note { try await ledger.report(ReportQuery(period: period, grouping: grouping), Freshness()) }
            }
        }
    }

    /// A refusal is an answer, too.
    /// The history is another one in another place.
    private mutating func note<Value>(_ read: () async throws -> Snapshot<Value>) async {
        do {
            let found = try await read()
            answers.append("\(found.value) at \(found.position ?? .zero), \(found.catalogPosition)")
        } catch {
            answers.append("\(error)")
        }
    }

    /// The first answer that is not the same.
    func difference(from other: EveryRead) -> String? {
        if let pair = zip(answers, other.answers).first(where: { $0 != $1 }) { return "\(pair.0)\n≠\n\(pair.1)" }
        if keys != other.keys { return "\(keys)\n≠\n\(other.keys)" }
        if users != other.users { return "\(users)\n≠\n\(other.users)" }
        return answers.count == other.answers.count ? nil : "the number of answers"
    }
}
