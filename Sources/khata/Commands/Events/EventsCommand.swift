import ArgumentParser
import Inventory
import JSON
import StockEvents
import SystemPackage

struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Follows what happens in the stores.", subcommands: [Tail.self])

    struct Tail: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints events as they happen, one in each line, as JSON, until it is stopped.")

        @OptionGroup var options: ShopOptions

        @Option(help: "The store; 0 is the catalog (default: all stores and the catalog).")
        var store: Int64?

        @Option(
            help: """
                Where to begin: a position or the id of an event with --store, 0 for the beginning (default: what happens from \
                now on).
                """)
        var after: String?

        @Flag(help: "End when there are no more events.")
        var noFollow = false

        func validate() throws {
            guard after == nil || after == "0" || store != nil else {
                throw ValidationError("A position belongs to one store: name it with --store.")
            }
        }

        func run() async throws {
            let shop = try await options.shop()
            guard !shop.isOnServer else {
                throw Failure("A server's events are at its GET /changes: follow that, as docs/http.md shows.")
            }
            try await withLedger(shop.settings) { ledger in
                let waiters = ChangeWaiters()
                let feed = ChangeFeed(ledger: ledger, waiters: waiters)
                try await interruptible([feed], shop.settings.logger()) { try await print(from: feed) }
            }
        }

        private func print(from feed: ChangeFeed) async throws {
            let scope = store.map { StoreScope.only([StoreID(rawValue: $0)]) } ?? .all
            var cursor = try await start(of: feed, scope)
            while !Task.isCancelled {
                let page = try await feed.page(
                    after: cursor, of: scope, limit: 1_000, until: .now + (noFollow ? .zero : .seconds(60)))
                for event in page.events {
                    var json = JSONWriter(output: [UInt8]())
                    event.write(to: &json)
                    json.output.append(UInt8(ascii: "\n"))
                    try json.output.withUnsafeBytes { _ = try FileDescriptor.standardOutput.writeAll($0) }
                }
                if noFollow, page.events.isEmpty { break }
                cursor = page.cursor
            }
        }

        private func start(of feed: ChangeFeed, _ scope: StoreScope) async throws -> ChangeCursor {
            guard let after else { return try await feed.end(of: scope) }
            guard let store, after != "0" else { return ChangeCursor() }
            guard let cursor = ChangeCursor(after, of: StoreID(rawValue: store)) else {
                throw Failure("\(after) is neither a position nor the id of an event.")
            }
            return cursor
        }
    }
}
