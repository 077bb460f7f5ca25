import ArgumentParser
import Inventory
import InventoryHTTP
import JSON
import StockCache

struct CacheCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache", abstract: "Manages the cache.", subcommands: [Warm.self])

    struct Warm: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Fills the cache with the pages that clients request by default.",
            discussion: """
                These are the stock of the stores, the list of stores and that of products, all pages of each; they \
                stay for about ten minutes. It can run while the service serves and stock moves: no reader sees stale \
                data, and readers have priority. Pages in the cache are skipped, so after an interruption the same \
                command resumes.
                """)

        @OptionGroup var options: SettingsOptions

        @Option(help: "Only these stores, such as 1,2,5 (default: all).")
        var stores: StoreList?

        @Option(help: "How many lists are read concurrently (default: cache.warm_concurrency).")
        var concurrency: Int?

        @Flag(help: "Print the result as JSON.")
        var json = false

        func run() async throws {
            let flags = concurrency.map { ["cache.warm_concurrency": $0.description] } ?? [:]
            let settings = try await options.settings(flags)
            let start = ContinuousClock.now
            let progress: CacheWarmer.Progress
            do {
                progress = try await warm(settings)
            } catch is CancellationError {
                throw Failure("interrupted: the same command resumes")
            }
            let summary = Summary(progress: progress, duration: .now - start)
            print(json ? summary.json : summary.text)
            guard progress.failed == 0 else {
                throw Failure(
                    "\(progress.failed) of the lists could not be read: a store does not exist, or a server was unavailable"
                )
            }
        }

        private func warm(_ settings: Settings) async throws -> CacheWarmer.Progress {
            try await withCache(settings) { ledger, cache in
                let warmer = settings.warmer(ledger, DocumentCache(cache))
                let stores = if let ids = stores?.scope.stores { ids } else { try await warmer.allStores() }
                let bar = ProgressBar("cache", total: stores.count, of: "stores")
                defer { bar.finish() }
                var shown = 0
                return try await warmer.warm(stores) { progress in
                    bar.advance(by: progress.storesDone - shown)
                    shown = progress.storesDone
                }
            }
        }
    }
}

private struct Summary {
    let progress: CacheWarmer.Progress
    let duration: Duration

    /// Tenths of a second are exact enough.
    private var seconds: Double { (duration / .seconds(1) * 10).rounded() / 10 }

    var text: String {
        "\(progress.documents.grouped) documents of \(progress.storesDone.grouped) stores and the catalog are in the cache, "
            + "\(progress.filled.grouped) of them new, after \(seconds) s"
    }

    var json: String {
        String(json: { json in
            json.openObject()
            json.field("stores", Int64(progress.storesDone))
            json.field("documents", Int64(progress.documents))
            json.field("filled", Int64(progress.filled))
            json.field("failed", Int64(progress.failed))
            json.key("seconds")
            json.value(json: "\(seconds)")
            json.closeObject()
        })
    }
}
