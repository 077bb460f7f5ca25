import Inventory

/// Loads the demo through the ledger, as any client would: every rule holds, and the audit log tells it all.
struct DemoLoader: Sendable {
    let ledger: any StockWriting

    struct Summary: Sendable {
        let products: Int
        let stores: Int
        let movements: Int
        let duration: Duration
    }

    /// - Throws: `Failure`, when something is in the way; what was loaded until then stays.
    func load(until now: Timestamp) async throws -> Summary {
        let start = ContinuousClock.now
        let catalog = DemoCatalog()
        let history = DemoHistory(catalog, until: now)
        try await load(catalog, on: history.eve)
        try await load(history)
        return Summary(
            products: catalog.products.count, stores: DemoDistrict.all.reduce(0) { $0 + $1.shops.count },
            movements: history.movementCount, duration: .now - start)
    }

    private func load(_ catalog: DemoCatalog, on day: ShopDay) async throws {
        let stores = DemoDistrict.all.enumerated().flatMap { number, district in
            district.shops.indices.map { shop in
                CatalogChange.createStore(
                    DemoDistrict.storeID(district: number, shop: shop), name: district.name(shop))
            }
        }
        let changes = stores + catalog.products.map { .createProduct($0.id, $0.details) }
        let progress = ProgressBar("catalog", total: changes.count, of: "entries")
        defer { progress.finish() }
        for (number, change) in changes.enumerated() {
            let context = CommandContext(
                actor: "demo", requestID: "demo-catalog-\(number + 1)", recordedAt: day.time(number * 10))
            do throws(LedgerError) {
                _ = try await ledger.change(change, context)
            } catch {
                throw Self.failure(context, error)
            }
            progress.advance(by: 1)
        }
    }

    private func load(_ history: DemoHistory) async throws {
        let progress = ProgressBar("movements", total: history.movementCount, of: "movements")
        defer { progress.finish() }
        try await withThrowingTaskGroup { group in
            for chapters in history.districts {
                group.addTask {
                    for chapter in chapters { try await record(chapter, progress) }
                }
            }
            try await group.waitForAll()
        }
    }

    /// The stores side by side, each in its order: what arrives together shares a transaction.
    private func record(_ chapter: DemoHistory.Chapter, _ progress: ProgressBar) async throws {
        try await record(chapter.transfers, progress)
        try await withThrowingTaskGroup { group in
            for commands in chapter.stores {
                group.addTask { try await record(commands, progress) }
            }
            try await group.waitForAll()
        }
    }

    private func record(_ commands: [MovementCommand], _ progress: ProgressBar) async throws {
        for command in commands {
            try Task.checkCancellation()
            do throws(LedgerError) {
                try await record(command)
            } catch {
                throw Self.failure(command.context, error)
            }
            progress.advance(by: command.lineCount)
        }
    }

    /// - Throws: Also when a line is refused.
    private func record(_ command: MovementCommand) async throws(LedgerError) {
        switch command.change {
        case .movement(let movement): _ = try await ledger.record(movement, command.context)
        case .transfer(let transfer): _ = try await ledger.record(transfer, command.context)
        case .batch(let batch):
            for line in try await ledger.record(batch, command.context).value.lines {
                if case .refused(let refusal) = line { throw .refused(refusal) }
            }
        }
    }

    private static func failure(_ context: CommandContext, _ error: LedgerError) -> Failure {
        Failure("the ledger did not take \(context.requestID): \(error); start again with an empty database")
    }
}
